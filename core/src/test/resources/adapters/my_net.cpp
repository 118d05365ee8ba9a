#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
using namespace std;
static long long now() { return chrono::duration_cast<chrono::nanoseconds>(chrono::steady_clock::now().time_since_epoch()).count(); }
static double num(const string& s, const string& k) { auto p = s.find("\"" + k + "\":"); return p == string::npos ? 0 : stod(s.substr(p + k.size() + 3)); }
static bool is(const string& s, const char* op) { return s.find(string("\"op\":\"") + op + "\"") != string::npos; }
int main() {
  string s; long long batch = 1; volatile float sink = 0;
  while (getline(cin, s)) {
    long long id = (long long)num(s, "id");
    if (is(s, "hello")) printf("{\"re\":%lld,\"ok\":true,\"nwp\":1,\"name\":\"my-net\",\"mono_ns\":%lld,\"phases\":[\"pack\",\"execute\"]}\n", id, now());
    else if (is(s, "prepare")) { batch = (long long)num(s, "batch"); printf("{\"re\":%lld,\"ok\":true}\n", id); }
    else if (is(s, "run")) {
      long long n = 0, pack = 0, exec = 0, t0 = now(), end = t0 + (long long)(num(s, "seconds") * 1e9), t = t0;
      for (; t < end || n < (long long)num(s, "min_iterations"); ++n) {
        for (int i = 0; i < 100; ++i) sink = sink + 1;   auto a = now(); pack += a - t;   // <- pack
        for (int i = 0; i < 900; ++i) sink = sink + 1;   t = now();      exec += t - a;   // <- execute, synchronised
      }
      printf("{\"re\":%lld,\"ok\":true,\"iterations\":%lld,\"elements\":%lld,\"t0\":%lld,\"t1\":%lld,\"phase_ns\":{\"pack\":%lld,\"execute\":%lld}}\n", id, n, n * batch, t0, now(), pack, exec);
    } else printf("{\"re\":%lld,\"ok\":true}\n", id);                                      // load, stop, close
    fflush(stdout);
    if (is(s, "close")) return 0;
  }
}

// Neurojoule's workload helper for C++17. SPDX-License-Identifier: Apache-2.0
//
// One header, nothing but the standard library and POSIX. Your network is a class:
//
//   struct Net {
//     void load(const std::string& model, const std::string& precision, const std::string& device,
//               const neurojoule::Options& options);        // may return neurojoule::Loaded instead of void
//     void prepare(std::int64_t batch, const std::vector<neurojoule::Input>& inputs);
//     void step(neurojoule::Mark& mark);                    // one batch; returns when the device has finished
//     std::vector<neurojoule::Tensor> outputs();            // optional: outputs of one step, for comparing
//     void only(const std::string& phase);                  // optional: one phase of a step alone
//   };
//
//   int main() {
//     neurojoule::Capabilities offer;
//     offer.name = "my-net";
//     offer.precisions = {"fp32"};
//     return neurojoule::serve<Net>(offer);
//   }
//
// serve() answers the profiler until `close` or the end of the input. What the network prints on stdout goes to stderr,
// which the profiler keeps as a log; the network's own stdin is empty.
#ifndef NEUROJOULE_HPP
#define NEUROJOULE_HPP

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <locale>
#include <map>
#include <new>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace neurojoule {

/// What went wrong, as the protocol names it. UNSUPPORTED is a hole in the sweep, not a failure.
enum class Code { unsupported, out_of_memory, invalid_input, bad_model, device_busy, device_lost, internal };

/// Thrown by a network. Also understood: std::bad_alloc is OUT_OF_MEMORY, std::invalid_argument is INVALID_INPUT, every
/// other exception is INTERNAL.
struct Failure : std::runtime_error {
  Code code;
  Failure(Code why, const std::string& message) : std::runtime_error(message), code(why) {}
};

/// Settings of the runtime as the user wrote them.
using Options = std::map<std::string, std::string>;

/// What the user said about one input; empty where nothing was said.
struct Input {
  std::string name;
  std::vector<std::string> shape;  ///< "N" stands for the batch
  std::string dtype;
  std::string source;  ///< uniform(LOW, HIGH), a number, or the path of a .npy file
  std::int64_t seed = 0;
};

/// One output of a step: values in row-major order, as many as the extents multiply to.
struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};

/// What load may tell: what really applies, not what was asked.
struct Loaded {
  std::optional<std::int64_t> params, macs, bytes;  ///< weights; multiply-accumulates per element; size of the artefact
  Options settings;                                 ///< e.g. threads
  std::map<std::string, double> executed;           ///< share of run time by data type
  std::vector<std::string> notes;                   ///< what the user should know, one sentence each
};

/// What the network offers.
struct Capabilities {
  std::string name = "network";
  std::vector<std::string> precisions;  ///< names that load takes; empty: it does not say
  std::vector<std::string> phases;      ///< names that step gives to mark
  std::string element;                  ///< what one element is called
  std::string framework, framework_version;
};

/// Nanoseconds of the clock that the profiler reads, too.
inline std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Says which phase of a step runs: mark("pack", [&] { … }) returns what the function returns. Times it only in windows
/// that ask for phases; in others it costs one comparison. Phases do not nest.
class Mark {
 public:
  template <class Work>
  decltype(auto) operator()(const char* phase, Work&& work) {
    if (!timed_) {
      return work();
    }
    const Stretch stretch(*this, phase);
    return work();
  }

 private:
  template <class>
  friend class Server;

  struct Sum {
    std::string phase;
    std::int64_t nanos = 0, count = 0;
  };

  struct Stretch {
    Mark& mark;
    Sum& sum;
    std::int64_t start;
    Stretch(Mark& all, const char* phase) : mark(all), sum(all.find(phase)), start(now()) { mark.inside_ = true; }
    Stretch(const Stretch&) = delete;
    Stretch& operator=(const Stretch&) = delete;
    ~Stretch() {
      sum.nanos += now() - start;
      sum.count++;
      mark.inside_ = false;
    }
  };

  Sum& find(const char* phase) {
    if (inside_) {
      throw Failure(Code::internal, std::string("phase '") + phase + "' begins inside another one");
    }
    for (Sum& sum : sums_) {
      if (sum.phase == phase) {
        return sum;
      }
    }
    throw Failure(Code::internal, std::string("phase '") + phase + "' is not among the phases that are offered");
  }

  std::vector<Sum> sums_;
  bool timed_ = false;
  bool inside_ = false;
};

namespace json {

struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A value as it was read. Numbers keep their digits, so that none is rounded on the way.
struct Value {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  std::string text;                ///< of a string, a number or a boolean
  std::vector<std::string> names;  ///< of an object's fields, each with its item
  std::vector<Value> items;

  /// The field of an object; nothing if it is absent or null.
  const Value* field(std::string_view name) const {
    for (std::size_t i = 0; i < names.size(); i++) {
      if (names[i] == name) {
        return items[i].kind == Kind::null ? nullptr : &items[i];
      }
    }
    return nullptr;
  }
};

/// Reads exactly one value; throws Malformed for anything that RFC 8259 does not allow, and for a name that stands twice.
class Reader {
 public:
  static Value read(std::string_view text) {
    Reader reader(text);
    Value value = reader.value(0);
    reader.space();
    reader.require(reader.at_ == text.size(), "something follows the value");
    return value;
  }

 private:
  static constexpr int deepest = 32;

  explicit Reader(std::string_view text) : text_(text) {}

  static void require(bool good, const char* otherwise) {
    if (!good) {
      throw Malformed(otherwise);
    }
  }

  bool more() const { return at_ < text_.size(); }
  char peek() const { return more() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (more() && text_[at_] == c) {
      at_++;
      return true;
    }
    return false;
  }

  void space() {
    while (more() && std::strchr(" \t\r\n", text_[at_]) != nullptr && text_[at_] != '\0') {
      at_++;
    }
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) {
      return false;
    }
    at_ += expected.size();
    return true;
  }

  Value value(int depth) {
    require(depth < deepest, "nested too deeply");
    space();
    Value value;
    if (take('{')) {
      object(value, depth);
    } else if (take('[')) {
      array(value, depth);
    } else if (take('"')) {
      value.kind = Value::Kind::string;
      value.text = string();
    } else if (word("true") || word("false")) {
      value.kind = Value::Kind::boolean;
      value.text = text_[at_ - 2] == 'u' ? "true" : "false";
    } else if (!word("null")) {
      value.kind = Value::Kind::number;
      value.text = number();
    }
    return value;
  }

  void object(Value& into, int depth) {
    into.kind = Value::Kind::object;
    space();
    if (take('}')) {
      return;
    }
    do {
      space();
      require(take('"'), "a field needs a name");
      std::string name = string();
      for (const std::string& other : into.names) {
        require(other != name, "a name stands twice");
      }
      into.names.push_back(std::move(name));
      space();
      require(take(':'), "a name needs a colon");
      into.items.push_back(value(depth + 1));
      space();
    } while (take(','));
    require(take('}'), "an object has no end");
  }

  void array(Value& into, int depth) {
    into.kind = Value::Kind::array;
    space();
    if (take(']')) {
      return;
    }
    do {
      into.items.push_back(value(depth + 1));
      space();
    } while (take(','));
    require(take(']'), "an array has no end");
  }

  std::size_t digits() {
    std::size_t from = at_;
    while (peek() >= '0' && peek() <= '9') {
      at_++;
    }
    return at_ - from;
  }

  std::string number() {
    std::size_t from = at_;
    take('-');
    bool zero = peek() == '0';
    std::size_t whole = digits();
    require(whole > 0 && (!zero || whole == 1), "not a value");
    if (take('.')) {
      require(digits() > 0, "a point needs digits");
    }
    if (take('e') || take('E')) {
      if (!take('+')) {
        take('-');
      }
      require(digits() > 0, "an exponent needs digits");
    }
    return std::string(text_.substr(from, at_ - from));
  }

  std::string string() {
    std::string out;
    while (!take('"')) {
      require(more(), "a string has no end");
      char c = text_[at_++];
      require(static_cast<unsigned char>(c) >= 0x20, "a control character in a string");
      out += c == '\\' ? escape() : std::string(1, c);
    }
    return out;
  }

  std::string escape() {
    require(more(), "a string has no end");
    char c = text_[at_++];
    switch (c) {
      case '"':
      case '\\':
      case '/':
        return std::string(1, c);
      case 'b':
        return "\b";
      case 'f':
        return "\f";
      case 'n':
        return "\n";
      case 'r':
        return "\r";
      case 't':
        return "\t";
      case 'u':
        return utf8(point());
      default:
        throw Malformed("an unknown escape");
    }
  }

  unsigned unit() {
    unsigned value = 0;
    require(text_.size() - at_ >= 4, "an escape is cut off");
    auto read = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, value, 16);
    require(read.ptr == text_.data() + at_ + 4, "an escape is no number");
    at_ += 4;
    return value;
  }

  unsigned point() {
    unsigned first = unit();
    require(first < 0xDC00 || first > 0xDFFF, "half of a surrogate pair");
    if (first < 0xD800 || first > 0xDBFF) {
      return first;
    }
    require(word("\\u"), "half of a surrogate pair");
    unsigned second = unit();
    require(second >= 0xDC00 && second <= 0xDFFF, "half of a surrogate pair");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  static std::string utf8(unsigned point) {
    auto tail = [](unsigned bits) { return static_cast<char>(0x80 | (bits & 0x3F)); };
    if (point < 0x80) {
      return {static_cast<char>(point)};
    }
    if (point < 0x800) {
      return {static_cast<char>(0xC0 | (point >> 6)), tail(point)};
    }
    if (point < 0x10000) {
      return {static_cast<char>(0xE0 | (point >> 12)), tail(point >> 6), tail(point)};
    }
    return {static_cast<char>(0xF0 | (point >> 18)), tail(point >> 12), tail(point >> 6), tail(point)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// How many bytes the character at the front takes; 0 if it is no UTF-8.
inline std::size_t character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t bytes = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (bytes > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < bytes; i++) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      return 0;
    }
  }
  return bytes;
}

/// What is no UTF-8 in a message of the network becomes a question mark.
inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size(); at++) {
    const char c = text[at];
    const std::size_t bytes = character(text.substr(at));
    if (bytes != 1) {
      out += bytes == 0 ? std::string_view("?") : text.substr(at, bytes);
      at += bytes == 0 ? 0 : bytes - 1;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Whatever the program's locale is: a decimal comma would be no number.
inline std::string shown(double value) {
  if (!std::isfinite(value)) {
    throw Failure(Code::internal, "a number that is told is not finite");
  }
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(17);
  out << value;
  return out.str();
}

/// Items in a row: each is shown by `show`.
template <class Items, class Show>
std::string list(char open, const Items& items, char close, Show show) {
  std::string out(1, open);
  for (const auto& item : items) {
    out += (out.size() > 1 ? "," : "") + show(item);
  }
  return out + close;
}

}  // namespace json

/// The network's side of NWP 1. Use serve().
template <class Network>
class Server {
 public:
  explicit Server(Capabilities offer) : offer_(std::move(offer)) {}

  int serve() {
    if (!divert()) {
      std::perror("neurojoule");
      return 1;
    }
    std::string line;
    while (next(line)) {
      json::Value message;
      std::string op;
      std::int64_t id;
      try {
        message = json::Reader::read(line);
        id = whole(message, "id");
        op = text(message, "op");
      } catch (const std::exception& unreadable) {
        std::fprintf(stderr, "neurojoule: a line that is no request (%s)\n", unreadable.what());
        continue;
      }
      if (!write("{\"re\":" + std::to_string(id) + answer(op, message) + "}\n") || op == "close") {
        break;
      }
    }
    return 0;
  }

 private:
  static constexpr std::size_t longest_line = 1 << 20;
  static constexpr std::int64_t short_chunk_nanos = 500'000;
  static constexpr std::int64_t long_chunk_nanos = 5'000'000;
  static constexpr std::int64_t stop_poll_nanos = 50'000'000;

  template <class N, class = void>
  struct HasOutputs : std::false_type {};
  template <class N>
  struct HasOutputs<N, std::void_t<decltype(std::declval<N&>().outputs())>> : std::true_type {};
  template <class N, class = void>
  struct HasOnly : std::false_type {};
  template <class N>
  struct HasOnly<N, std::void_t<decltype(std::declval<N&>().only(std::declval<const std::string&>()))>>
      : std::true_type {};

  /// Keeps the protocol's ends for this class alone: not for prints, and not for programs that the network starts.
  bool divert() {
    in_ = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    out_ = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool good = in_ >= 0 && out_ >= 0 && nothing >= 0 && dup2(nothing, STDIN_FILENO) == STDIN_FILENO &&
                dup2(STDERR_FILENO, STDOUT_FILENO) == STDOUT_FILENO;
    if (nothing > STDERR_FILENO) {
      ::close(nothing);
    }
    return good;
  }

  /// The next line without its end; false at the end of the input.
  bool next(std::string& line) {
    std::size_t end;
    std::size_t searched = 0;
    while ((end = buffer_.find('\n', searched)) == std::string::npos) {
      searched = buffer_.size();
      if (searched > longest_line) {
        std::fputs("neurojoule: a request is longer than 1 MiB\n", stderr);
        return false;
      }
      char chunk[1 << 16];
      ssize_t count = read(in_, chunk, sizeof chunk);
      if (count > 0) {
        buffer_.append(chunk, static_cast<std::size_t>(count));
      } else if (count == 0 || errno != EINTR) {
        return false;
      }
    }
    line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return true;
  }

  /// Whether something has come, or never will: during a run that ends it.
  bool waiting() const {
    pollfd in{in_, POLLIN, 0};
    return !buffer_.empty() || poll(&in, 1, 0) > 0;
  }

  bool write(const std::string& line) const {
    std::size_t done = 0;
    while (done < line.size()) {
      ssize_t count = ::write(out_, line.data() + done, line.size() - done);
      if (count >= 0) {
        done += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        return false;
      }
    }
    return true;
  }

  /// The answer after its `re`.
  std::string answer(const std::string& op, const json::Value& message) {
    try {
      return ",\"ok\":true" + done(op, message);
    } catch (const Unknown& unknown) {
      return error("UNKNOWN_OP", unknown.what());
    } catch (const Failure& failure) {
      return error(spelled(failure.code), failure.what());
    } catch (const std::bad_alloc& full) {
      return error("OUT_OF_MEMORY", full.what());
    } catch (const std::invalid_argument& invalid) {
      return error("INVALID_INPUT", invalid.what());
    } catch (const std::exception& broken) {
      return error("INTERNAL", broken.what());
    } catch (...) {
      return error("INTERNAL", "the network threw what is no std::exception");
    }
  }

  std::string done(const std::string& op, const json::Value& message) {
    if (op == "hello") {
      return hello(message);
    }
    if (op == "load") {
      batch_ = 0;
      return load(text(message, "model"), text(message, "precision", "default"), text(message, "device", "cpu"),
                  options(message));
    }
    if (op == "prepare") {
      prepare(message);
      return "";
    }
    if (op == "run") {
      return run(message);
    }
    if (op == "verify" && HasOutputs<Network>::value) {
      return verify();
    }
    if (op == "stop" || op == "unload" || op == "close") {
      return "";
    }
    throw Unknown(op);
  }

  struct Unknown : std::runtime_error {
    using std::runtime_error::runtime_error;
  };

  std::string error(const char* code, const std::string& message) const {
    return std::string(",\"ok\":false,\"error\":{\"code\":\"") + code + "\",\"message\":" + json::quoted(message) +
           (std::strcmp(code, "DEVICE_LOST") == 0 ? ",\"fatal\":true}" : ",\"fatal\":false}");
  }

  static const char* spelled(Code code) {
    switch (code) {
      case Code::unsupported:
        return "UNSUPPORTED";
      case Code::out_of_memory:
        return "OUT_OF_MEMORY";
      case Code::invalid_input:
        return "INVALID_INPUT";
      case Code::bad_model:
        return "BAD_MODEL";
      case Code::device_busy:
        return "DEVICE_BUSY";
      case Code::device_lost:
        return "DEVICE_LOST";
      case Code::internal:
        break;
    }
    return "INTERNAL";
  }

  std::string hello(const json::Value& message) {
    dir_ = text(message, "dir", ".");
    std::string out = ",\"nwp\":1,\"name\":" + json::quoted(offer_.name) + ",\"mono_ns\":" + std::to_string(now()) +
                      ",\"pid\":" + std::to_string(getpid()) + ",\"stoppable\":true,\"precisions\":" +
                      json::list('[', offer_.precisions, ']', json::quoted) +
                      ",\"phases\":" + json::list('[', offer_.phases, ']', json::quoted);
    if (HasOnly<Network>::value) {
      out += ",\"isolable\":" + json::list('[', offer_.phases, ']', json::quoted);
    }
    if (!offer_.element.empty()) {
      out += ",\"element\":" + json::quoted(offer_.element);
    }
    if (!offer_.framework.empty()) {
      out += ",\"framework\":{\"name\":" + json::quoted(offer_.framework) +
             ",\"version\":" + json::quoted(offer_.framework_version) + "}";
    }
    return out + (HasOutputs<Network>::value ? ",\"verify\":true" : ",\"verify\":false");
  }

  std::string load(const std::string& model, const std::string& precision, const std::string& device,
                   const Options& options) {
    if constexpr (std::is_void_v<decltype(network_.load(model, precision, device, options))>) {
      network_.load(model, precision, device, options);
      return "";
    } else {
      return told(network_.load(model, precision, device, options));
    }
  }

  static std::string told(const Loaded& loaded) {
    std::string out;
    auto number = [&out](const char* name, const std::optional<std::int64_t>& value) {
      if (value) {
        out += std::string(",\"") + name + "\":" + std::to_string(*value);
      }
    };
    number("params", loaded.params);
    number("macs", loaded.macs);
    number("bytes", loaded.bytes);
    return out + ",\"settings\":" + json::list('{', loaded.settings, '}', [](const auto& setting) {
             return json::quoted(setting.first) + ":" + json::quoted(setting.second);
           }) + ",\"executed\":" + json::list('{', loaded.executed, '}', [](const auto& share) {
             return json::quoted(share.first) + ":" + json::shown(share.second);
           }) + ",\"notes\":" + json::list('[', loaded.notes, ']', json::quoted);
  }

  void prepare(const json::Value& message) {
    std::int64_t batch = whole(message, "batch");
    if (batch < 1) {
      throw std::invalid_argument("batch must be >= 1: " + std::to_string(batch));
    }
    std::vector<Input> inputs;
    if (const json::Value* list = message.field("inputs")) {
      plain("inputs", *list, json::Value::Kind::array);
      for (const json::Value& item : list->items) {
        inputs.push_back(input(item));
      }
    }
    batch_ = 0;
    network_.prepare(batch, inputs);
    batch_ = batch;
  }

  static Input input(const json::Value& item) {
    plain("an input", item, json::Value::Kind::object);
    Input input;
    input.name = text(item, "name");
    input.dtype = text(item, "dtype");
    input.source = text(item, "source");
    input.seed = whole(item, "seed", 0);
    if (const json::Value* shape = item.field("shape")) {
      plain("shape", *shape, json::Value::Kind::array);
      for (const json::Value& extent : shape->items) {
        input.shape.push_back(extent.text);
      }
    }
    return input;
  }

  std::string run(const json::Value& message) {
    if (batch_ < 1) {
      throw std::invalid_argument("run before prepare");
    }
    const json::Value* phase = message.field("phase");
    if (phase == nullptr) {
      return loop(message, [this] { network_.step(mark_); });
    }
    if constexpr (HasOnly<Network>::value) {
      const std::string& name = plain("phase", *phase, json::Value::Kind::string);
      return loop(message, [this, &name] { network_.only(name); });
    } else {
      throw Failure(Code::unsupported, "no phase can be run alone");
    }
  }

  /// Repeats in place until the time is over. A bare chunk grows until it lasts 0.5 ms, and the clock is read once for it.
  template <class Step>
  std::string loop(const json::Value& message, Step step) {
    const std::string timing = text(message, "timing", "bare");
    const bool bare = timing == "bare";
    const bool latency = timing == "latency";
    if (!bare && !latency && timing != "phases") {
      throw std::invalid_argument("timing must be bare, latency or phases: " + timing);
    }
    const std::int64_t length = nanos(message);
    const std::int64_t least = whole(message, "min_iterations", 1);
    const std::int64_t most = whole(message, "max_iterations", std::numeric_limits<std::int64_t>::max());
    if (least < 1 || most < 1) {
      throw std::invalid_argument("min_iterations and max_iterations must be >= 1");
    }
    mark_ = Mark();
    mark_.timed_ = timing == "phases";
    for (const std::string& name : offer_.phases) {
      mark_.sums_.push_back({name, 0, 0});
    }
    std::map<int, std::int64_t> buckets;
    std::int64_t n = 0, chunk = 1;
    const std::int64_t start = now();
    std::int64_t last = start, looked = start;
    while (n < most && (last - start < length || n < least)) {
      const std::int64_t steps = chunk < most - n ? chunk : most - n;
      for (std::int64_t i = 0; i < steps; i++) {
        step();
      }
      const std::int64_t time = now();
      const std::int64_t lasted = time - last;
      last = time;
      n += steps;
      if (latency) {
        buckets[bucket(lasted)]++;
      } else if (bare) {
        chunk = lasted < short_chunk_nanos ? chunk * 2 : lasted > long_chunk_nanos && chunk > 1 ? chunk / 2 : chunk;
      }
      if (last - looked > stop_poll_nanos) {
        looked = last;
        if (waiting()) {
          break;
        }
      }
    }
    std::string out = ",\"iterations\":" + std::to_string(n) + ",\"elements\":" + std::to_string(n * batch_) +
                      ",\"t0\":" + std::to_string(start) + ",\"t1\":" + std::to_string(last);
    if (mark_.timed_) {
      auto sums = [this](auto value) {
        return json::list('{', mark_.sums_, '}', [value](const Mark::Sum& sum) {
          return json::quoted(sum.phase) + ":" + std::to_string(sum.*value);
        });
      };
      out += ",\"phase_ns\":" + sums(&Mark::Sum::nanos) + ",\"phase_n\":" + sums(&Mark::Sum::count);
    }
    if (latency) {
      out += ",\"hist\":" + json::list('{', buckets, '}', [](const auto& item) {
               return "\"" + std::to_string(item.first) + "\":" + std::to_string(item.second);
             });
    }
    return out;
  }

  /// 32·e + the next 5 bits, e the bit length of the nanoseconds: at most 3.2 % wide.
  static int bucket(std::int64_t nanos) {
    int e = 0;
    for (std::int64_t rest = nanos; rest > 0; rest >>= 1) {
      e++;
    }
    return 32 * e + static_cast<int>((nanos >> (e > 6 ? e - 6 : 0)) & 31);
  }

  std::string verify() {
    if constexpr (HasOutputs<Network>::value) {
      if (batch_ < 1) {
        throw std::invalid_argument("verify before prepare");
      }
      const std::vector<Tensor> tensors = network_.outputs();
      const std::string file = "outputs-" + std::to_string(getpid()) + "-" + std::to_string(now()) + ".f64";
      std::ofstream out(dir_ + "/" + file, std::ios::binary);
      for (const Tensor& tensor : tensors) {
        for (double value : tensor.values) {
          std::uint64_t bits;
          std::memcpy(&bits, &value, sizeof bits);
          for (int shift = 0; shift < 64; shift += 8) {
            out.put(static_cast<char>((bits >> shift) & 0xFF));
          }
        }
      }
      out.close();
      if (!out) {
        throw Failure(Code::internal, "cannot write " + dir_ + "/" + file);
      }
      return ",\"file\":" + json::quoted(file) + ",\"outputs\":" + json::list('[', tensors, ']', [](const Tensor& t) {
               return "{\"name\":" + json::quoted(t.name) + ",\"shape\":" +
                      json::list('[', t.shape, ']', [](std::int64_t extent) { return std::to_string(extent); }) + "}";
             });
    }
    return "";
  }

  /// What the value says, which must be of this kind.
  static const std::string& plain(std::string_view name, const json::Value& value, json::Value::Kind kind) {
    if (value.kind != kind) {
      throw std::invalid_argument(std::string(name) + " is of another type");
    }
    return value.text;
  }

  static std::string text(const json::Value& message, const char* name, const char* otherwise = "") {
    const json::Value* value = message.field(name);
    return value == nullptr ? otherwise : plain(name, *value, json::Value::Kind::string);
  }

  static std::int64_t whole(const json::Value& message, const char* name,
                            std::optional<std::int64_t> otherwise = std::nullopt) {
    const json::Value* value = message.field(name);
    if (value == nullptr && otherwise) {
      return *otherwise;
    }
    std::int64_t number = 0;
    if (value != nullptr && value->kind == json::Value::Kind::number) {
      const char* end = value->text.data() + value->text.size();
      auto read = std::from_chars(value->text.data(), end, number);
      if (read.ec == std::errc() && read.ptr == end) {
        return number;
      }
    }
    throw std::invalid_argument(std::string(name) + " must be a whole number of at most 63 bits");
  }

  /// `seconds` of a run, in nanoseconds; no longer than a clock can count.
  static std::int64_t nanos(const json::Value& message) {
    const json::Value* value = message.field("seconds");
    double seconds = -1;
    if (value != nullptr && value->kind == json::Value::Kind::number) {
      std::istringstream in(value->text);
      in.imbue(std::locale::classic());
      in >> seconds;
    }
    if (!(seconds >= 0)) {
      throw std::invalid_argument("seconds must be a number >= 0");
    }
    return seconds * 1e9 < 9e18 ? static_cast<std::int64_t>(seconds * 1e9) : std::numeric_limits<std::int64_t>::max();
  }

  static Options options(const json::Value& message) {
    Options options;
    if (const json::Value* object = message.field("options")) {
      plain("options", *object, json::Value::Kind::object);
      for (std::size_t i = 0; i < object->names.size(); i++) {
        options[object->names[i]] = plain(object->names[i], object->items[i], json::Value::Kind::string);
      }
    }
    return options;
  }

  Network network_;
  Capabilities offer_;
  Mark mark_;
  std::int64_t batch_ = 0;  // 0 until something is prepared
  std::string dir_ = ".";
  std::string buffer_;
  int in_ = -1;
  int out_ = -1;
};

/// Serves a network until `close` or the end of the input; what main returns.
template <class Network>
int serve(const Capabilities& offer) {
  return Server<Network>(offer).serve();
}

}  // namespace neurojoule

#endif

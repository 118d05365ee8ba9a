// What the C++ helper's loop costs: a step that does nothing, in the helper and in a plain loop. See bench/cpp-loop.
#include "neurojoule.hpp"

#include <cstdlib>

struct Nothing {
  void load(const std::string&, const std::string&, const std::string&, const neurojoule::Options&) {}
  void prepare(std::int64_t, const std::vector<neurojoule::Input>&) {}
  void step(neurojoule::Mark&) { asm volatile("" ::: "memory"); }
};

int main(int count, char** arguments) {
  if (count < 2) {
    return neurojoule::serve<Nothing>(neurojoule::Capabilities());
  }
  const long steps = std::atol(arguments[1]);
  const std::int64_t start = neurojoule::now();
  for (long i = 0; i < steps; i++) {
    asm volatile("" ::: "memory");
  }
  std::printf("%.3f\n", static_cast<double>(neurojoule::now() - start) / static_cast<double>(steps));
}

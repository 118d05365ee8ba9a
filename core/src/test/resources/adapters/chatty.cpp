// A network that prints, reads, starts programs, changes the locale and fails in every way that it can.
#include "neurojoule.hpp"

#include <clocale>
#include <cstdlib>
#include <iostream>

struct Chatty {
  neurojoule::Loaded load(const std::string& model, const std::string& precision, const std::string&,
                          const neurojoule::Options& options) {
    std::cout << "a library says hello to " << model << std::endl;
    std::printf("no end of line");
    std::fflush(stdout);
    std::setlocale(LC_ALL, "de_DE.UTF-8");
    char byte;
    if (std::system("cat; echo a program says hello") != 0 || read(0, &byte, 1) != 0) {
      throw std::runtime_error("stdin is not empty");
    }
    if (precision == "int8") throw neurojoule::Failure(neurojoule::Code::unsupported, "only \"fp32\"\n\xff");
    if (precision == "full") throw std::bad_alloc();
    if (precision == "odd") throw 7;
    neurojoule::Loaded loaded;
    loaded.params = 9007199254740993;
    loaded.settings = options;
    loaded.executed["fp32"] = 0.5;
    return loaded;
  }
  void prepare(std::int64_t count, const std::vector<neurojoule::Input>& given) {
    if (count > 64) throw std::invalid_argument("at most 64");
    batch = count;
    inputs = given;
  }
  void step(neurojoule::Mark& mark) {
    steps++;
    if (batch == 13) mark("pack", [&] { mark("execute", [] {}); });
    if (batch == 14) mark("lunch", [] {});
    mark("pack", [] {});
    if (mark("execute", [this] { return steps; }) != steps) throw std::logic_error("mark lost a value");
  }
  std::vector<neurojoule::Tensor> outputs() {
    return {{inputs.empty() ? "y" : inputs[0].name + inputs[0].shape[0], {batch, 1}, std::vector<double>(static_cast<std::size_t>(batch), 0.1)}};
  }
  void only(const std::string& phase) {
    if (phase != "pack") throw std::invalid_argument("no phase " + phase);
  }
  std::int64_t batch = 0;
  std::int64_t steps = 0;
  std::vector<neurojoule::Input> inputs;
};

int main() {
  neurojoule::Capabilities offer;
  offer.name = "chatty";
  offer.precisions = {"fp32"};
  offer.phases = {"pack", "execute"};
  offer.framework = "plain";
  offer.framework_version = "1";
  return neurojoule::serve<Chatty>(offer);
}

// A network of your own in C++. The dots stand where your framework goes; what is here runs as it is.
#include "neurojoule.hpp"

#include <cmath>

struct MyNet {
  void load(const std::string& /* model */, const std::string& precision, const std::string& /* device */,
            const neurojoule::Options& /* options */) {
    if (precision != "fp32") {
      throw neurojoule::Failure(neurojoule::Code::unsupported, "only fp32");
    }
    weights.assign(64, 1.5F);  // … load your model; never go on with another precision than the one asked
  }

  void prepare(std::int64_t batch, const std::vector<neurojoule::Input>& /* inputs */) {
    x.assign(static_cast<std::size_t>(batch) * weights.size(), 0.5F);  // … make the inputs of one batch, seeded
    y.assign(x.size(), 0.0F);
  }

  // One batch. Return when the device has finished: synchronise here, or the energy of the rest is missed.
  void step(neurojoule::Mark& mark) {
    mark("pack", [this] { packed = x; });
    mark("execute", [this] {
      for (std::size_t i = 0; i < packed.size(); i++) {
        y[i] = std::tanh(packed[i] * weights[i % weights.size()]);
      }
    });
  }

  // Optional: the outputs of one step, for comparing artefacts and for checking that nothing broke.
  std::vector<neurojoule::Tensor> outputs() {
    neurojoule::Mark none;
    step(none);
    const auto elements = static_cast<std::int64_t>(y.size() / weights.size());
    const auto values = static_cast<std::int64_t>(weights.size());
    return {{"y", {elements, values}, std::vector<double>(y.begin(), y.end())}};
  }

  std::vector<float> weights, x, packed, y;
};

int main() {
  neurojoule::Capabilities offer;
  offer.name = "my-net";
  offer.precisions = {"fp32"};
  offer.phases = {"pack", "execute"};
  offer.element = "frame";
  return neurojoule::serve<MyNet>(offer);
}

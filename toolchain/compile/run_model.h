// The interpreter on this machine, for what the compiler has to know before anything is flashed.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "device/interpreter.h"
#include "toolchain/base/result.h"

namespace mote {

// An initialised model with the memory that it needs.
class RunningModel {
 public:
  // Errors: input, with the operator that the engine refuses and why.
  static Result<RunningModel> start(const std::string& name, const std::vector<uint8_t>& model,
                                    const std::vector<const Kernel*>& kernels);
  Interpreter& interpreter() { return *interpreter_; }

 private:
  struct Free {
    void operator()(uint8_t* data) const { ::operator delete[](data, std::align_val_t{kAlignment}); }
  };
  using AlignedBytes = std::unique_ptr<uint8_t[], Free>;
  static AlignedBytes aligned_bytes(size_t bytes);

  AlignedBytes model_, arena_;
  std::vector<const Kernel*> kernels_;
  std::unique_ptr<Interpreter> interpreter_;
};

}  // namespace mote

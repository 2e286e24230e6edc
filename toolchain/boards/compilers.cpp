#include "toolchain/boards/boards.h"

namespace mote {

const CrossCompiler& arm_compiler() {
  static const CrossCompiler compiler = {
      .program = "arm-none-eabi-g++",
      .package = "gcc-arm-none-eabi",
      .library = "libc_nano.a",
      .library_package = "libnewlib-arm-none-eabi",
      .libraries = {"-lc_nano", "-lgcc"},
      .startup = "cortex_m.S",
      .script = "cortex_m.ld",
  };
  return compiler;
}

const CrossCompiler& riscv_compiler() {
  static const CrossCompiler compiler = {
      .program = "riscv64-unknown-elf-g++",
      .package = "gcc-riscv64-unknown-elf",
      .library = "picolibc.specs",
      .library_package = "picolibc-riscv64-unknown-elf",
      .libraries = {"--specs=picolibc.specs", "-lc", "-lgcc"},
      .startup = "riscv.S",
      .script = "riscv.ld",
  };
  return compiler;
}

const CrossCompiler& avr_compiler() {
  static const CrossCompiler compiler = {
      .program = "avr-g++",
      .package = "gcc-avr",
      .library = "libc.a",
      .library_package = "avr-libc",
      .libraries = {"-lc", "-lgcc"},
      .startup = "avr.S",
      .script = "avr.ld",
      .separate_memories = true,
  };
  return compiler;
}

}  // namespace mote

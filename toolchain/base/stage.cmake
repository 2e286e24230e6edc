# One source of float kernels, compiled for each instruction set (simd/level.h). -O3 in every build type: unoptimised
# vector code is slower than scalar code. Contraction is on here only: one compiler and level give one order of
# operations, and with it the same bytes.
set(simd_folder ${CMAKE_SOURCE_DIR}/toolchain/base/simd)
set(simd_options -O3 -fno-math-errno -ffp-contract=fast)
if(MOTE_SANITIZE MATCHES "fuzzer")  # what is fuzzed does not compute in float: this would be half of the build's time
  list(APPEND simd_options -O0 -fno-sanitize=all)
endif()
set_source_files_properties(${simd_folder}/baseline.cpp PROPERTIES COMPILE_OPTIONS "${simd_options}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${simd_folder}/avx2.cpp PROPERTIES COMPILE_OPTIONS "${simd_options};-mavx2;-mfma")
  set_source_files_properties(${simd_folder}/avx512.cpp PROPERTIES
    COMPILE_OPTIONS "${simd_options};-mavx512f;-mavx512dq;-mavx512vl;-mavx2;-mfma;-mprefer-vector-width=512")
endif()

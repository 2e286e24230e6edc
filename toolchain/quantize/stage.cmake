# One source of int8 primitives, compiled for each instruction set (simd/loops.h). -O3 in every build type, as for the
# float ones (base/stage.cmake). Sums of hostile data wrap. GCC 12 warns falsely about its own AVX-512 header (its bug
# 105593).
set(simd_folder ${CMAKE_SOURCE_DIR}/toolchain/quantize/simd)
set(simd_options -O3 -fwrapv -Wno-maybe-uninitialized)
set(avx512 -mavx2 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(${simd_folder}/avx2.cpp ${simd_folder}/avx2_bytes.cpp PROPERTIES
    COMPILE_OPTIONS "${simd_options};-mavx2")
  set_source_files_properties(${simd_folder}/avx_vnni.cpp PROPERTIES
    COMPILE_OPTIONS "${simd_options};-mavx2;-mavxvnni")
  set_source_files_properties(${simd_folder}/avx512.cpp PROPERTIES COMPILE_OPTIONS "${simd_options};${avx512}")
  set_source_files_properties(${simd_folder}/avx512_vnni.cpp PROPERTIES
    COMPILE_OPTIONS "${simd_options};${avx512};-mavx512vnni")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
  set_source_files_properties(${simd_folder}/neon.cpp PROPERTIES COMPILE_OPTIONS "${simd_options}")
  set_source_files_properties(${simd_folder}/neon_dot.cpp PROPERTIES
    COMPILE_OPTIONS "${simd_options};-march=armv8.2-a+dotprod")
endif()

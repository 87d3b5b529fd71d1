# Language, warnings, sanitizers and output folders, the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
# -fPIC for programs too: a precompiled header serves only what is compiled with the same flags.
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
add_compile_options(-fPIC -pthread)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

option(TACT_BUILD_TESTS "Build the tests" ON)
set(TACT_SANITIZE "" CACHE STRING "address, thread, or empty")

# Several sources of a folder in one translation unit: a clean build takes half the time. Off in the
# debug and sanitizer presets, where every source must compile alone.
option(TACT_UNITY "Compile sources in groups" ON)

# What waits for the compiler more than for the processor: tests (what they measure is in the libraries)
# and command lines. The sanitizers' and the debug build choose for themselves.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(TACT_TEST_OPTIONS -O0)
  set(TACT_COLD_OPTIONS -O1)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(TACT_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(TACT_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()

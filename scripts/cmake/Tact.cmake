# A folder is a target: tact_library, tact_binary, tact_test.
function(tact_common target)
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror)
endfunction()

# Where ALONE is given, sources use the same names in their unnamed namespaces.
function(tact_group_sources target alone)
  if(TACT_UNITY AND NOT alone)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
endfunction()

# tact_precompiled(kind DEPS target ... [OPTIONS -O1]): compiles common/precompiled/<kind>.h for `PCH kind`.
# Whoever uses it is compiled with the same options.
function(tact_precompiled kind)
  cmake_parse_arguments(ARG "" "OPTIONS" "DEPS" ${ARGN})
  add_library(tact_pch_${kind} STATIC anchor.cc)
  target_link_libraries(tact_pch_${kind} PUBLIC ${ARG_DEPS})
  tact_common(tact_pch_${kind})
  target_compile_options(tact_pch_${kind} PRIVATE ${ARG_OPTIONS})
  set_target_properties(tact_pch_${kind} PROPERTIES TACT_OPTIONS "${ARG_OPTIONS}")
  target_precompile_headers(tact_pch_${kind} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/${kind}.h)
endfunction()

function(tact_use_precompiled target kind)
  if(NOT kind OR kind STREQUAL "none")
    return()
  endif()
  get_target_property(options tact_pch_${kind} TACT_OPTIONS)
  target_compile_options(${target} PRIVATE ${options})
  target_precompile_headers(${target} REUSE_FROM tact_pch_${kind})
endfunction()

# tact_library(name SOURCES a.cc ... DEPS target ... [PCH kind] [ALONE])
function(tact_library name)
  cmake_parse_arguments(ARG "ALONE" "PCH" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
  tact_common(${name})
  tact_group_sources(${name} ${ARG_ALONE})
  tact_use_precompiled(${name} "${ARG_PCH}")
endfunction()

# tact_binary(name SOURCES main.cc ... DEPS target ... [PCH kind]), into bin/
function(tact_binary name)
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  tact_common(${name})
  tact_use_precompiled(${name} "${ARG_PCH}")
endfunction()

# tact_test(name SOURCES a_test.cc ... DEPS target ...): one GoogleTest binary for a folder.
# Extra arguments: LABELS label [unit], TIMEOUT seconds, PCH kind or none
# [rpc_test], ALONE. Tests run in the folder of their sources; where
# the programs are they learn from the environment that the test presets set.
function(tact_test name)
  if(NOT TACT_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "ALONE" "TIMEOUT;PCH" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_PCH)
    set(ARG_PCH rpc_test)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  tact_common(${name})
  tact_group_sources(${name} ${ARG_ALONE})
  tact_use_precompiled(${name} ${ARG_PCH})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  gtest_discover_tests(${name}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    DISCOVERY_TIMEOUT 120
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

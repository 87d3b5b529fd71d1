# Everything comes from the system's packages; nothing is downloaded.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED)
find_package(Protobuf REQUIRED)          # module mode: Debian 12 ships no CONFIG file
find_package(absl CONFIG REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
if(TACT_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
  include(GoogleTest)
endif()

# oneDNN by its files: Debian's CMake package of it demands OpenCL.
find_path(DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(tact_dnnl INTERFACE)
target_include_directories(tact_dnnl SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
target_link_libraries(tact_dnnl INTERFACE ${DNNL_LIBRARY})
add_library(tact::dnnl ALIAS tact_dnnl)

# libzip by its files: Debian's CMake package of it demands its command-line tools.
find_path(ZIP_INCLUDE_DIR zip.h REQUIRED)
find_library(ZIP_LIBRARY zip REQUIRED)
add_library(tact_zip INTERFACE)
target_include_directories(tact_zip SYSTEM INTERFACE ${ZIP_INCLUDE_DIR})
target_link_libraries(tact_zip INTERFACE ${ZIP_LIBRARY})
add_library(tact::zip ALIAS tact_zip)

# cpp-httplib has no CMake file on every Debian: its library where there is one, its header else.
find_path(HTTPLIB_INCLUDE_DIR httplib.h REQUIRED)
find_library(HTTPLIB_LIBRARY cpp-httplib)
add_library(tact_httplib INTERFACE)
target_include_directories(tact_httplib INTERFACE ${HTTPLIB_INCLUDE_DIR})
target_compile_definitions(tact_httplib INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT)
target_link_libraries(tact_httplib INTERFACE OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
if(HTTPLIB_LIBRARY)
  target_link_libraries(tact_httplib INTERFACE ${HTTPLIB_LIBRARY})
endif()
add_library(httplib::httplib ALIAS tact_httplib)

# LibTorch as an imported target of our own: it serves Debian's package and, through
# CMAKE_PREFIX_PATH, the folder of a LibTorch 2.x wheel, whose own CMake files demand CUDA.
find_path(TORCH_INCLUDE_DIR ATen/ATen.h PATH_SUFFIXES include REQUIRED)
find_library(TORCH_LIBRARY torch REQUIRED)
find_library(TORCH_CPU_LIBRARY torch_cpu REQUIRED)
find_library(C10_LIBRARY c10 REQUIRED)
add_library(tact_torch INTERFACE)
target_include_directories(tact_torch SYSTEM INTERFACE
  ${TORCH_INCLUDE_DIR} ${TORCH_INCLUDE_DIR}/torch/csrc/api/include)
target_link_libraries(tact_torch INTERFACE ${TORCH_CPU_LIBRARY} ${TORCH_LIBRARY} ${C10_LIBRARY})
add_library(tact::torch ALIAS tact_torch)

# gloo's headers, which c10d's own include; its code is a part of LibTorch or a library beside it.
find_path(GLOO_INCLUDE_DIR gloo/context.h REQUIRED)
find_library(GLOO_LIBRARY gloo)
add_library(tact_gloo INTERFACE)
target_include_directories(tact_gloo SYSTEM INTERFACE ${GLOO_INCLUDE_DIR})
if(GLOO_LIBRARY)
  target_link_libraries(tact_gloo INTERFACE ${GLOO_LIBRARY})
endif()
# A LibTorch with CUDA has NCCL's group too.
find_library(TORCH_CUDA_LIBRARY torch_cuda)
if(TORCH_CUDA_LIBRARY)
  target_compile_definitions(tact_gloo INTERFACE TACT_WITH_NCCL)
  target_link_libraries(tact_gloo INTERFACE ${TORCH_CUDA_LIBRARY})
endif()
add_library(tact::gloo ALIAS tact_gloo)

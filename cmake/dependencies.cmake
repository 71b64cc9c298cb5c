# Libraries from the distribution (deploy/install-deps installs them), each only if a part that is
# built uses it.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
if(NEMF_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()
if(NOT NEMF_BUILD_SERVER AND NOT NEMF_BUILD_TOOLS)
  return()
endif()

find_package(CLI11 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)

# The three OpenCV modules in use, by name: OpenCV's own package wants all the modules installed,
# and those bring a whole desktop with them.
find_path(NEMF_OPENCV_INCLUDE opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
add_library(nemf_opencv INTERFACE)
foreach(module imgcodecs imgproc core)
  find_library(NEMF_OPENCV_${module} opencv_${module} REQUIRED)
  add_library(opencv_${module} SHARED IMPORTED GLOBAL)
  set_target_properties(opencv_${module} PROPERTIES
    IMPORTED_LOCATION ${NEMF_OPENCV_${module}}
    INTERFACE_INCLUDE_DIRECTORIES ${NEMF_OPENCV_INCLUDE})
  target_link_libraries(nemf_opencv INTERFACE opencv_${module})
endforeach()
add_library(nemf::opencv ALIAS nemf_opencv)

if(NEMF_BUILD_TOOLS)
  pkg_check_modules(MATIO REQUIRED IMPORTED_TARGET matio)
endif()

if(NEMF_BUILD_SERVER)
  find_package(absl CONFIG REQUIRED)
  find_package(JPEG REQUIRED)
  find_package(OpenSSL REQUIRED)
  find_package(prometheus-cpp CONFIG REQUIRED)
  if(NEMF_TESTS)
    find_package(benchmark CONFIG REQUIRED)
  endif()
  # cpp-httplib changes the layout of its classes with these settings, so the library's own are
  # used.
  pkg_check_modules(CPP_HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
  add_library(nemf_httplib INTERFACE)
  target_link_libraries(nemf_httplib INTERFACE
    PkgConfig::CPP_HTTPLIB OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
  add_library(nemf::httplib ALIAS nemf_httplib)
endif()

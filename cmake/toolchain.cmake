# Language, warnings, compiler cache and linker: everything that holds for every target.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

add_compile_options(-Wall -Wextra)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  add_compile_options(-Wthread-safety)
endif()
# With ThreadSanitizer, the tests link annotations of what Abseil's locks order.
string(REGEX MATCH "-fsanitize=[a-z,]*thread" NEMF_TSAN "${CMAKE_CXX_FLAGS}")
# Includes are written from the repository's root.
include_directories(${PROJECT_SOURCE_DIR})

# The settings let ccache share results between checkouts and handle precompiled headers.
find_program(NEMF_CCACHE ccache)
if(NEMF_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
               CCACHE_SLOPPINESS=pch_defines,time_macros ${NEMF_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()

find_program(NEMF_MOLD mold)
find_program(NEMF_LLD ld.lld)
if(NEMF_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(NEMF_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# The instruction set of the engine and its tests; other rooms run anywhere. Fast-math is never
# used: results must not depend on how the compiler reorders sums.
add_library(nemf_march INTERFACE)
if(NEMF_MARCH AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(nemf_march INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-march=${NEMF_MARCH}>)
endif()

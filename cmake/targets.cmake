# The functions that the rooms' CMakeLists.txt are written in.

include(GoogleTest)

# Adds the folder when it is there.
function(nemf_add_room folder)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${PROJECT_SOURCE_DIR}/${folder} ${PROJECT_BINARY_DIR}/${folder})
  endif()
endfunction()

# Sets `result` to the current folder, relative to the root: "server/engine".
function(nemf_folder result)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(${result} ${folder} PARENT_SCOPE)
endfunction()

# Gives the engine and its tests their instruction set.
function(nemf_set_march target)
  nemf_folder(folder)
  if(folder MATCHES "^(server|tests)/engine")
    target_link_libraries(${target} PRIVATE nemf_march)
  endif()
endfunction()

# nemf_library(<name> SOURCES <files> PUBLIC <targets> PRIVATE <targets>)
# A static library: one a room. PUBLIC are the targets whose headers its headers include. Without
# SOURCES it is a library of headers, and PUBLIC alone has a meaning.
function(nemf_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC;PRIVATE")
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
    nemf_set_march(${name})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${arg_PUBLIC})
  endif()
endfunction()

# nemf_test(<name> SOURCES <files> DEPS <targets>)
# A GoogleTest program (main included). Each of its cases is one ctest entry, labelled with the
# folder's name, so `ctest -L engine` runs the engine's.
function(nemf_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  if(NEMF_TSAN AND NEMF_BUILD_SERVER)
    target_link_libraries(${name} PRIVATE nemf_tsan_abseil)
  endif()
  nemf_set_march(${name})
  nemf_folder(folder)
  if(NOT folder MATCHES "^tests/engine")  # which has an instruction set of its own
    target_precompile_headers(${name} REUSE_FROM nemf_test_headers)
    target_compile_options(${name} PRIVATE -pthread)  # as those headers
  endif()
  get_filename_component(label ${folder} NAME)
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 120
    PROPERTIES LABELS ${label} TIMEOUT 300)
endfunction()

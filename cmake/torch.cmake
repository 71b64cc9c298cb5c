# nemf::torch: LibTorch from the Python wheel, as an imported target.
#
# The wheel's own find_package(Torch) wants a whole CUDA toolkit even for work on the CPU, so the
# libraries are named here: libtorch_cpu and libc10 for the CPU, and the CUDA ones besides where
# NEMF_CUDA says so. (libtorch.so itself is an empty shell that needs all of them.)

set(torch_dir ${NEMF_TORCH_DIR})
if(NOT torch_dir)
  file(GLOB torch_dir ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
endif()
if(NOT EXISTS "${torch_dir}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "No LibTorch in '${torch_dir}': run deploy/install-deps demo, or set "
                      "-DNEMF_TORCH_DIR=.../site-packages/torch")
endif()
get_filename_component(site_packages ${torch_dir} DIRECTORY)
set(torch_cuda_lib ${site_packages}/nvidia/cu13/lib)

# nvcc of the wheels comes before one of a CUDA toolkit: its version is the one that torch has.
find_program(NEMF_NVCC nvcc HINTS ${site_packages}/nvidia/cu13/bin)
set(NEMF_CUDA_ARCHITECTURES 80 90 100 CACHE STRING
    "GPU generations to compile kernels for; the last one's PTX serves later ones")

# Sets `result` to the reason why LibTorch cannot use a GPU here, or to nothing.
function(nemf_why_no_cuda result)
  set(reason "")
  find_program(nvidia_smi nvidia-smi NO_CACHE)
  if(NOT EXISTS ${torch_dir}/lib/libtorch_cuda.so OR NOT EXISTS ${torch_cuda_lib}/libcublas.so.13)
    set(reason "the CUDA libraries of the torch wheel are not installed")
  elseif(NOT EXISTS /dev/nvidia0 AND NOT nvidia_smi)
    set(reason "no NVIDIA GPU")
  elseif(NOT NEMF_NVCC)
    set(reason "no nvcc")
  endif()
  set(${result} "${reason}" PARENT_SCOPE)
endfunction()

set(NEMF_USE_CUDA ${NEMF_CUDA})
if(NEMF_CUDA STREQUAL AUTO)
  nemf_why_no_cuda(reason)
  if(reason)
    set(NEMF_USE_CUDA OFF)
    message(STATUS "CUDA: off (${reason})")
  else()
    set(NEMF_USE_CUDA ON)
    message(STATUS "CUDA: on")
  endif()
endif()

function(nemf_import_torch_library name)
  add_library(nemf::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(nemf::${name} PROPERTIES
    IMPORTED_LOCATION ${torch_dir}/lib/lib${name}.so
    IMPORTED_NO_SONAME ON)
endfunction()

nemf_import_torch_library(c10)
nemf_import_torch_library(torch_cpu)
add_library(nemf_torch INTERFACE)
target_include_directories(nemf_torch SYSTEM INTERFACE
  ${torch_dir}/include ${torch_dir}/include/torch/csrc/api/include)
target_compile_definitions(nemf_torch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
target_link_libraries(nemf_torch INTERFACE nemf::torch_cpu nemf::c10 Threads::Threads)
# For the linker alone. The run path of the build tree comes from the imported libraries' folders,
# and `cmake --install` replaces it.
target_link_options(nemf_torch INTERFACE -Wl,-rpath-link,${torch_cuda_lib})
if(NEMF_USE_CUDA)
  nemf_import_torch_library(c10_cuda)
  target_include_directories(nemf_torch SYSTEM INTERFACE ${site_packages}/nvidia/cu13/include)
  target_compile_definitions(nemf_torch INTERFACE NEMF_HAS_CUDA)
  # libtorch_cuda registers its kernels when it is loaded, whether or not anything refers to it.
  target_link_libraries(nemf_torch INTERFACE nemf::c10_cuda ${torch_cuda_lib}/libcudart.so.13
    -Wl,--push-state,--no-as-needed ${torch_dir}/lib/libtorch_cuda.so -Wl,--pop-state)
endif()
add_library(nemf::torch ALIAS nemf_torch)

# nemf_install_torch(<target> <folder>)
# Installs the libraries that the program needs from the wheels into the folder, with their
# licences, for the component server.
function(nemf_install_torch target folder)
  install(TARGETS ${target} RUNTIME_DEPENDENCY_SET nemf_torch_libraries COMPONENT server)
  install(RUNTIME_DEPENDENCY_SET nemf_torch_libraries
    PRE_EXCLUDE_REGEXES "^libcuda\\.so"  # of the GPU's driver
    POST_INCLUDE_REGEXES "/(torch|nvidia/[a-z0-9_]+)/lib/"
    POST_EXCLUDE_REGEXES "."
    LIBRARY DESTINATION ${folder} COMPONENT server)
  if(NEMF_USE_CUDA)
    # LibTorch, cuDNN and nvrtc load these when they are first used.
    file(GLOB plugins ${site_packages}/nvidia/cudnn/lib/*.so.* ${torch_cuda_lib}/libnvrtc*.so.*
      ${torch_cuda_lib}/libcusolver.so.* ${torch_dir}/lib/libcaffe2_nvrtc.so
      ${torch_dir}/lib/libtorch_cuda_linalg.so)
    install(FILES ${plugins} DESTINATION ${folder} COMPONENT server)
  endif()
  set(packages torch nvidia_cuda_runtime nvidia_cuda_cupti)
  if(NEMF_USE_CUDA)
    list(APPEND packages nvidia_*)
  endif()
  list(TRANSFORM packages PREPEND ${site_packages}/)
  list(TRANSFORM packages APPEND -*.dist-info/licenses/*)
  file(GLOB notices RELATIVE ${site_packages} ${packages})
  foreach(notice ${notices})
    string(REGEX REPLACE "-.*" "" package ${notice})
    install(FILES ${site_packages}/${notice} DESTINATION share/nemf/licences/${package}
      COMPONENT server)
  endforeach()
endfunction()

# nemf_cuda_object(<source> <result>)
# Compiles a .cu file of the current folder into an object file, whose path goes into `result`. The
# command is written out because CMake's own CUDA language looks for a whole toolkit, and the wheels'
# nvcc has no lib64.
function(nemf_cuda_object source result)
  if(NOT NEMF_NVCC)
    message(FATAL_ERROR "NEMF_CUDA=${NEMF_CUDA} needs nvcc: run deploy/install-deps test")
  endif()
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${source}.o)
  get_filename_component(folder ${object} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  set(generations "")
  foreach(generation ${NEMF_CUDA_ARCHITECTURES})
    list(APPEND generations -gencode arch=compute_${generation},code=sm_${generation})
    set(newest ${generation})
  endforeach()
  list(APPEND generations -gencode arch=compute_${newest},code=compute_${newest})
  # No fused multiply-add: kernels round as the same functions do on the CPU.
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${NEMF_NVCC} -ccbin ${CMAKE_CXX_COMPILER} -std=c++20 -O3 --fmad=false -Xcompiler=-fPIC
            ${generations} -I${PROJECT_SOURCE_DIR} -MD -MF ${object}.d -c
            ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source}
    DEPFILE ${object}.d
    COMMENT "Compiling kernels of ${source}"
    VERBATIM)
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  set(${result} ${object} PARENT_SCOPE)
endfunction()

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

# Sets `result` to the reason why LibTorch cannot use a GPU here, or to nothing.
function(nemf_why_no_cuda result)
  set(reason "")
  find_program(nvidia_smi nvidia-smi NO_CACHE)
  if(NOT EXISTS ${torch_dir}/lib/libtorch_cuda.so OR NOT EXISTS ${torch_cuda_lib}/libcublas.so.13)
    set(reason "the CUDA libraries of the torch wheel are not installed")
  elseif(NOT EXISTS /dev/nvidia0 AND NOT nvidia_smi)
    set(reason "no NVIDIA GPU")
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
target_link_options(nemf_torch INTERFACE
  -Wl,-rpath,${torch_dir}/lib -Wl,-rpath,${torch_cuda_lib} -Wl,-rpath-link,${torch_cuda_lib})
if(NEMF_USE_CUDA)
  nemf_import_torch_library(c10_cuda)
  target_include_directories(nemf_torch SYSTEM INTERFACE ${site_packages}/nvidia/cu13/include)
  # Nothing refers to libtorch_cuda by name: it registers its kernels when it is loaded.
  target_link_libraries(nemf_torch INTERFACE nemf::c10_cuda
    -Wl,--push-state,--no-as-needed ${torch_dir}/lib/libtorch_cuda.so -Wl,--pop-state)
endif()
add_library(nemf::torch ALIAS nemf_torch)

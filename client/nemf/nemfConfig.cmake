# Defines nemf::nemf_client. gRPC and Protobuf are linked, but no header of the client shows them.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL)
find_dependency(Protobuf)
find_dependency(gRPC CONFIG)
include(${CMAKE_CURRENT_LIST_DIR}/nemfTargets.cmake)

# Makes the client usable from other projects: find_package(nemf), then link nemf::nemf_client.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nemf)
install(TARGETS nemf_client nemf_proto EXPORT nemfTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/client/include/nemf
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT client)
install(EXPORT nemfTargets NAMESPACE nemf:: DESTINATION ${package_dir} COMPONENT client)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/nemfConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/nemfConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/nemfConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT client)

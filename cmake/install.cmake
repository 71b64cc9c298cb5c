# `cmake --install` makes a tree that runs from any folder: the programs find their libraries and
# bundles by paths relative to themselves. Components:
#   server  bin/nemf-server, lib/nemf (LibTorch and the libraries that it needs),
#           share/nemf/bundles, share/nemf/licences (of those libraries)
#   client  bin/nemf, share/nemf/proto, and the library (client/nemf/install.cmake)
# Both have share/nemf/LICENSE and NOTICE. Libraries of the distribution (gRPC, OpenCV, ...) are not part of
# the tree.

include(GNUInstallDirs)
if(NEMF_BUILD_SERVER)
  set_target_properties(nemf-server PROPERTIES
    INSTALL_RPATH $ORIGIN/../${CMAKE_INSTALL_LIBDIR}/nemf)
  nemf_install_torch(nemf-server ${CMAKE_INSTALL_LIBDIR}/nemf)
  # server_options.cc looks there for them, relative to the program.
  install(DIRECTORY model/bundles DESTINATION share/nemf COMPONENT server)
endif()
if(NEMF_BUILD_CLIENT)
  install(DIRECTORY proto DESTINATION share/nemf COMPONENT client
    FILES_MATCHING PATTERN *.proto)
endif()
if(NEMF_BUILD_TOOLS)
  install(TARGETS nemf-cli COMPONENT client)
endif()
foreach(component server client)
  install(FILES LICENSE NOTICE DESTINATION share/nemf COMPONENT ${component})
endforeach()

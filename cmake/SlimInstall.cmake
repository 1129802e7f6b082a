# cmake --install: tools, libSlim.so, headers (hand-written and generated) and a
# CMake package, so that a pass can be written outside the tree:
#   find_package(Slim REQUIRED CONFIG)
#   add_library(MyPass MODULE MyPass.cpp)
#   target_link_libraries(MyPass PRIVATE Slim::Slim)
include(CMakePackageConfigHelpers)
set(SLIM_INSTALL_CMAKEDIR "${CMAKE_INSTALL_LIBDIR}/cmake/slim")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/slim"
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.def")
install(DIRECTORY "${PROJECT_BINARY_DIR}/include/slim"
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.inc" PATTERN "CMakeFiles" EXCLUDE)
install(EXPORT SlimTargets NAMESPACE Slim:: DESTINATION ${SLIM_INSTALL_CMAKEDIR})
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/SlimConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/SlimConfig.cmake"
  INSTALL_DESTINATION ${SLIM_INSTALL_CMAKEDIR})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/SlimConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/SlimConfig.cmake"
              "${PROJECT_BINARY_DIR}/SlimConfigVersion.cmake"
        DESTINATION ${SLIM_INSTALL_CMAKEDIR})

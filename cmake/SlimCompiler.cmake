# Flags that every translation unit of slim shares.
#
# LLVM is built with RTTI and without exceptions, so slim is too.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
                    -Wall -Wextra -Wno-unused-parameter
                    -fdata-sections -ffunction-sections)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options(-fcolor-diagnostics)
endif()

if(SLIM_ENABLE_SANITIZERS)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                      -fno-sanitize=vptr -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(SLIM_CCACHE ccache)
if(SLIM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${SLIM_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SLIM_CCACHE}")
endif()

find_program(SLIM_LLD NAMES ld.lld-22 ld.lld HINTS "${LLVM_TOOLS_BINARY_DIR}")
if(SLIM_LLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options("-fuse-ld=lld")
endif()

set_property(GLOBAL PROPERTY JOB_POOLS slim_link=${SLIM_LINK_POOL_SIZE})
set(CMAKE_JOB_POOL_LINK slim_link)

include(SlimPrecompiledHeader)

# Rooms that write IR of upstream's dialects.
set(SLIM_PCH_ROOMS SlimAnalysis SlimImport SlimExport SlimCalibrate SlimCompress
                   SlimConversion SlimCodeGen SlimCodeGenCPU SlimPipelines)

# add_slim_library(NAME sources... [DEPENDS targets...] [INCLUDES dirs...])
#
# One room of slim: an object library that ends up in libSlim.so. A room is not
# linked alone, so that every process holds one copy of slim's type identifiers,
# whether it is a tool, a plug-in or a test.
function(add_slim_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;INCLUDES" ${ARGN})
  add_library(obj.${name} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  # The headers that TableGen writes must exist before any room compiles.
  add_dependencies(obj.${name} slim-headers ${ARG_DEPENDS})
  if(ARG_INCLUDES)
    target_include_directories(obj.${name} SYSTEM PRIVATE ${ARG_INCLUDES})
  endif()
  if(name IN_LIST SLIM_PCH_ROOMS)
    slim_use_precompiled_header(obj.${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY SLIM_OBJECT_LIBRARIES obj.${name})
endfunction()

# add_slim_tool(NAME sources...): an executable that links libSlim.so.
function(add_slim_tool name)
  add_executable(${name} ${ARGN})
  add_dependencies(${name} slim-headers)
  target_link_libraries(${name} PRIVATE Slim)
  set_property(GLOBAL APPEND PROPERTY SLIM_TOOLS ${name})
  install(TARGETS ${name} EXPORT SlimTargets
          RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# slim_tablegen(TD OUTPUT generator-arguments...): one TableGen output in the
# directory that mirrors the source's, added to slim-headers.
function(slim_tablegen td output)
  set(LLVM_TARGET_DEFINITIONS ${td})
  mlir_tablegen(${output} ${ARGN})
  set(TABLEGEN_OUTPUT ${TABLEGEN_OUTPUT} PARENT_SCOPE)
endfunction()

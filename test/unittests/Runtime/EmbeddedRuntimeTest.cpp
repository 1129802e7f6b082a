//===- EmbeddedRuntimeTest.cpp - The model runtime as bitcode -------------===//

#include "slim/Runtime/EmbeddedRuntime.h"
#include "slim/Runtime/GeneratedCode.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/MemoryBuffer.h"

#include "gtest/gtest.h"

#include <set>

using namespace llvm;

namespace {

class EmbeddedRuntimeTest : public testing::TestWithParam<const char *> {};

TEST_P(EmbeddedRuntimeTest, ExportsTheInterfaceAndNothingElse) {
  StringRef bitcode = slim::getRuntimeBitcode(Triple(GetParam()));
  ASSERT_FALSE(bitcode.empty());
  LLVMContext context;
  Expected<std::unique_ptr<Module>> module =
      parseBitcodeFile(MemoryBufferRef(bitcode, "runtime"), context);
  ASSERT_TRUE(bool(module)) << toString(module.takeError());
  EXPECT_FALSE(verifyModule(**module, &errs()));
  EXPECT_EQ((*module)->getTargetTriple().str(), GetParam());

  std::set<std::string> exported, required;
  for (GlobalValue &value : (*module)->global_values()) {
    if (value.getName().starts_with("llvm."))
      continue;
    if (value.isDeclaration())
      required.insert(value.getName().str());
    else if (!value.hasLocalLinkage() && value.hasDefaultVisibility())
      exported.insert(value.getName().str());
  }
  EXPECT_EQ(exported,
            std::set<std::string>({"slim_get_model_info", "slim_session_create",
                                   "slim_session_destroy", "slim_session_error",
                                   "slim_session_run",
                                   "slim_session_set_num_threads"}));
  for (StringRef name :
       {"slim_rt_model_info", "slim_rt_entries", "slim_rt_required_features"})
    EXPECT_EQ(required.erase(name.str()), 1u) << name.str();
  for (const std::string &name : required)
    EXPECT_FALSE(StringRef(name).contains("slim")) << name;
  for (StringRef name : {"omp_set_num_threads", "omp_get_max_threads"})
    EXPECT_TRUE((*module)->getFunction(name)->hasExternalWeakLinkage());
}

INSTANTIATE_TEST_SUITE_P(Targets, EmbeddedRuntimeTest,
                         testing::Values("x86_64-unknown-linux-gnu",
                                         "aarch64-unknown-linux-gnu"),
                         [](const auto &info) {
                           return Triple(info.param).getArchName().str();
                         });

TEST(EmbeddedRuntime, UnsupportedTargets) {
  EXPECT_TRUE(
      slim::getRuntimeBitcode(Triple("riscv64-unknown-linux-gnu")).empty());
  EXPECT_TRUE(
      slim::getRuntimeBitcode(Triple("x86_64-pc-windows-msvc")).empty());
  EXPECT_TRUE(slim::getRuntimeBitcode(Triple()).empty());
}

TEST(EmbeddedRuntime, RequiredFeatures) {
  Triple x86("x86_64-unknown-linux-gnu"), arm("aarch64-unknown-linux-gnu");
  EXPECT_EQ(slim::getRequiredCpuFeatures(x86, ""), 0u);
  EXPECT_EQ(
      slim::getRequiredCpuFeatures(
          x86, "+avx2,+fma,-avx512f,+prefer-256-bit,+sse4.2"),
      uint64_t(SLIM_CPU_X86_AVX2 | SLIM_CPU_X86_FMA | SLIM_CPU_X86_SSE42));
  EXPECT_EQ(slim::getRequiredCpuFeatures(x86, "+avx512vnni,-avx512vnni"), 0u);
  EXPECT_EQ(slim::getRequiredCpuFeatures(arm, "+neon,+dotprod,+avx2"),
            uint64_t(SLIM_CPU_ARM_DOTPROD));
}

} // namespace

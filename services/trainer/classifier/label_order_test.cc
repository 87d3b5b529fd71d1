#include "services/trainer/classifier/label_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tact {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ClassOfLabel, FollowsTheModelsNames) {
  EXPECT_THAT(ClassOfLabel({"neutral", "toxic"}, 1).value(), ElementsAre(0, 1));
  EXPECT_THAT(ClassOfLabel({"Toxic", "clean"}, 1).value(), ElementsAre(1, 0));
  EXPECT_THAT(ClassOfLabel({"LABEL_0", "LABEL_1"}, 1).value(), ElementsAre(0, 1));
  EXPECT_THAT(ClassOfLabel({"a", "b", "c"}, 2).value(), ElementsAre(0, 1, 2));
}

TEST(ClassOfLabel, TooFewClassesIsAnError) {
  const auto order = ClassOfLabel({"neutral", "toxic"}, 2);
  EXPECT_THAT(std::string(order.status().message()), HasSubstr("neutral, toxic"));
}

}  // namespace
}  // namespace tact

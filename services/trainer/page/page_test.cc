// The live view over real HTTP, and its pure parts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/clock.h"
#include "common/base/strings.h"
#include "services/trainer/jobs/runner.h"
#include "services/trainer/jobs/spec_defaults.h"
#include "services/trainer/page/curves.h"
#include "services/trainer/page/live_view.h"
#include "services/trainer/ppo/samples.h"
#include "services/trainer/testing/temp_folder.h"

namespace tact {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kNasty[] = "<script>alert('a & \"b\"')</script>";

class LiveViewTest : public ::testing::Test {
 protected:
  void SetUp() override { Serve(nullptr); }

  void Serve(const SampleLog* samples) {
    endpoint_ = HttpEndpoint::Start("127.0.0.1", 0, LiveViewRoutes(*store_, samples)).value();
    client_ = std::make_unique<httplib::Client>("127.0.0.1", endpoint_->port());
  }

  std::string MakeJob(const std::string& name, v1::JobKind kind = v1::JOB_KIND_PPO) {
    v1::JobSpec spec;
    spec.set_kind(kind);
    spec.set_name(name);
    FillDefaults(spec);
    return store_->Create("", spec, spec)->id();
  }

  void AddSteps(const std::string& id, uint32_t count) {
    for (uint32_t step = 1; step <= count; ++step) {
      ASSERT_TRUE(store_
                      ->Update(id, true,
                               [&](v1::Job& job) {
                                 job.set_step(step);
                                 job.set_total_steps(count);
                                 job.mutable_last_metrics()->set_step(step);
                                 job.mutable_last_metrics()->set_reward_mean(0.5 * step);
                                 job.mutable_last_metrics()->set_kl(std::nan(""));
                               })
                      .ok());
    }
  }

  httplib::Response Get(const std::string& path) { return *client_->Get(path.c_str()); }

  TempFolder folder_;
  std::unique_ptr<JobStore> store_ = JobStore::Open(folder_.path() / "jobs.db").value();
  std::unique_ptr<HttpEndpoint> endpoint_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(LiveViewTest, NamesAndMessagesAreEscaped) {
  const std::string id = MakeJob(kNasty);
  ASSERT_TRUE(store_->Update(id, false, [](v1::Job& job) { job.set_message(kNasty); }).ok());
  for (const std::string& path : {std::string("/"), "/jobs/" + id}) {
    const httplib::Response page = Get(path);
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.body, Not(HasSubstr("<script>alert"))) << path;
    EXPECT_THAT(page.body, HasSubstr("&lt;script&gt;alert(&#39;a &amp; &quot;b&quot;&#39;)"));
  }
  EXPECT_EQ(json::parse(Get("/api/jobs").body)["jobs"][0]["message"], kNasty);
}

TEST_F(LiveViewTest, EveryAnswerForbidsWhatIsNotOfThisPort) {
  const std::string id = MakeJob("a");
  for (const std::string& path :
       {std::string("/"), "/jobs/" + id, std::string("/jobs/none"), std::string("/page.js"),
        std::string("/page.css"), std::string("/icon.svg"), "/api/jobs/" + id}) {
    const httplib::Response page = Get(path);
    const std::string policy = page.get_header_value("Content-Security-Policy");
    EXPECT_EQ(policy.find("default-src 'none'"), 0u) << path;
    EXPECT_THAT(policy, Not(HasSubstr("unsafe"))) << path;
    EXPECT_EQ(page.get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_THAT(page.body, Not(HasSubstr(" style=\""))) << path;
    EXPECT_THAT(page.body, Not(HasSubstr("src=\"http"))) << path;
  }
}

TEST_F(LiveViewTest, UnknownIs404AndWritesAre405) {
  for (const char* path : {"/jobs/none", "/api/jobs/none", "/nothing", "/jobs/../../etc/passwd"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  const std::string id = MakeJob("a");
  EXPECT_EQ(Get("/api/jobs/" + id + "?after=x").status, 400);
  const std::string path = "/jobs/" + id;
  for (const httplib::Result& result :
       {client_->Post(path.c_str(), "x", "text/plain"), client_->Put("/", "x", "text/plain"),
        client_->Delete(path.c_str()), client_->Post("/metrics", "", "text/plain")}) {
    ASSERT_TRUE(result);
    EXPECT_EQ(result->status, 405);
    EXPECT_EQ(result->get_header_value("Allow"), "GET, HEAD");
  }
  EXPECT_EQ(client_->Head("/")->status, 200);
  EXPECT_EQ(Get("/healthz").status, 200);
}

TEST_F(LiveViewTest, EventsComeOnceAndAsFiniteNumbers) {
  const std::string id = MakeJob("a");
  AddSteps(id, 5);
  json answer = json::parse(Get("/api/jobs/" + id).body);
  EXPECT_EQ(answer["job"]["state"], "queued");
  EXPECT_EQ(answer["more"], false);
  ASSERT_EQ(answer["curves"].size(), 1u);  // KL was not finite, the others are 0
  EXPECT_EQ(answer["curves"][0]["name"], "reward");
  EXPECT_EQ(answer["curves"][0]["points"].back(), json({5.0, 2.5}));
  const auto sequence = answer["sequence"].get<int>();
  answer = json::parse(Get(StrCat("/api/jobs/", id, "?after=", sequence - 1)).body);
  EXPECT_EQ(answer["curves"][0]["points"].size(), 1u);
  answer = json::parse(Get(StrCat("/api/jobs/", id, "?after=", sequence)).body);
  EXPECT_TRUE(answer["curves"].empty());
}

TEST_F(LiveViewTest, ALongJobIsThinnedOut) {
  const std::string id = MakeJob("a");
  AddSteps(id, 1500);
  const json answer = json::parse(Get("/api/jobs/" + id).body);
  EXPECT_LE(answer["curves"][0]["points"].size(), 401u);
  EXPECT_GE(answer["curves"][0]["points"].size(), 200u);
  EXPECT_EQ(answer["curves"][0]["points"].back()[0], 1500.0);
}

TEST_F(LiveViewTest, TextIsShownOnlyWhereItIsAllowed) {
  const std::string id = MakeJob("a");
  const SampleLog samples(folder_.path() / "samples");
  ASSERT_TRUE(samples.Add(id, 0, {{kNasty, "Ann is a clown.", -1.5}}).ok());
  ASSERT_TRUE(samples.Add(id, 9, {{kNasty, "Ann is here.", 2}, {"other", "Bob came.", {}}}).ok());
  EXPECT_THAT(Get("/jobs/" + id).body, Not(HasSubstr("clown")));
  EXPECT_THAT(Get("/jobs/" + id).body, HasSubstr("--log-text"));
  Serve(&samples);
  const std::string page = Get("/jobs/" + id).body;
  EXPECT_THAT(page, HasSubstr("step 1, reward -1.5</span>\nAnn is a clown."));
  EXPECT_THAT(page, HasSubstr("step 10, reward 2</span>\nAnn is here."));
  EXPECT_THAT(page, HasSubstr("Bob came."));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
}

TEST_F(LiveViewTest, AJobsSamplesReachTheLogOfARunnerThatKeepsThem) {
  const SampleLog samples(folder_.path() / "samples");
  for (const bool keeps : {false, true}) {
    const std::string id = MakeJob("a");
    JobRunner runner(*store_, folder_.path(), [](JobContext& context) {
      return context.ReportSamples(0, {{"prompt", "response", 1.0}});
    });
    if (keeps) {
      runner.KeepSamples([&](const v1::Job& job, uint32_t step, const auto& kept) {
        return samples.Add(job.id(), step, kept);
      });
    }
    runner.Start();
    for (int i = 0; i < 500 && !HasEnded(store_->Get(id)->state()); ++i) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_EQ(store_->Get(id)->state(), v1::JOB_STATE_SUCCEEDED);
    EXPECT_THAT(samples.Read(id).fixed, SizeIs(keeps ? 1 : 0));
  }
}

TEST(MakeSamples, ADroppedRolloutHasNoScore) {
  std::vector<v1::Rollout> rollouts(3);
  ScoredBatch batch;
  for (int i = 0; i < 3; ++i) {
    rollouts[i].set_prompt_id(static_cast<uint64_t>(i));
    rollouts[i].set_text(StrCat("text ", i));
    rollouts[i].add_token_ids(i);
    if (i == 1) continue;
    batch.rollouts.push_back({{9}, {i}});
    batch.scores.push_back(10.0 * i);
  }
  const PpoPrompt prompt = {{9}, std::string(3000, 'p')};
  const auto samples =
      MakeSamples(rollouts, batch, [&](uint64_t) -> const PpoPrompt& { return prompt; });
  ASSERT_THAT(samples, SizeIs(3));
  EXPECT_EQ(samples[0].score, 0.0);
  EXPECT_EQ(samples[1].score, std::nullopt);
  EXPECT_EQ(samples[2].score, 20.0);
  EXPECT_LT(samples[2].prompt.size(), 2010u);
}

TEST(KeepSamples, TheFirstStepStaysAndKnownPromptsFollow) {
  KeptSamples kept = KeepSamples({}, 3, {{"a", "a3", 1}, {"b", "b3", 1}, {"c", "c3", 1}}, 2);
  ASSERT_THAT(kept.fixed, SizeIs(2));
  kept = KeepSamples(kept, 4, {{"x", "x4", 1}}, 2);
  kept = KeepSamples(kept, 7, {{"b", "b7", 2}, {"y", "y7", 1}}, 2);
  EXPECT_EQ(kept.fixed[1].before.response, "b3");
  EXPECT_EQ(kept.fixed[1].now->response, "b7");
  EXPECT_FALSE(kept.fixed[0].now);
  ASSERT_THAT(kept.latest, SizeIs(1));
  EXPECT_EQ(kept.latest[0].prompt, "y");
  // A resumed job makes its step again.
  EXPECT_EQ(KeepSamples(kept, 3, {{"a", "again", 1}}, 2).fixed[0].before.response, "a3");
}

TEST(ThinnedCurve, KeepsTheShapeWithinItsLimit) {
  ThinnedCurve few(4);
  for (int i = 1; i <= 3; ++i) few.Add(i, 10 * i);
  EXPECT_THAT(few.points(), ElementsAre(Pair(1, 10), Pair(2, 20), Pair(3, 30)));
  few.Add(4, 40);
  EXPECT_THAT(few.points(), ElementsAre(Pair(1.5, 15), Pair(3.5, 35), Pair(4, 40)));
  ThinnedCurve many(400);
  for (int i = 1; i <= 100000; ++i) many.Add(i, i);
  EXPECT_LE(many.points().size(), 401u);
  for (const auto& [step, value] : many.points()) EXPECT_DOUBLE_EQ(step, value);
  EXPECT_EQ(many.points().back().first, 100000);
}

}  // namespace
}  // namespace tact

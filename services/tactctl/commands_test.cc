// The client commands against services with known answers.
#include <gmock/gmock.h>
#include <signal.h>

#include <thread>

#include "common/base/sha256.h"
#include "services/tactctl/testing/commands_fixture.h"

namespace tact::ctl {
namespace {

using tact::testing::Finished;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kDialogues[] =
    "{\"fname\":\"d0\",\"dialogue\":\"#Person1#: Hi Ann.\",\"summary\":\"Ann is here.\","
    "\"neutral_summary\":\"Ann came.\"}\n"
    "{\"fname\":\"d1\",\"dialogue\":\"#Person1#: Bye Bob.\",\"summary\":\"Bob leaves.\","
    "\"neutral_summary\":\"Bob left.\"}\n";

TEST_F(CommandsTest, GeneratesForArgumentsInputAndDataSets) {
  EXPECT_EQ(Run({"generate", "Say hello"}).out, "Say hello said\n");
  EXPECT_EQ(Run({"generate"}, "From the input\n").out, "From the input said\n");
  EXPECT_EQ(Run({"generate", "--lines"}, "one\n\ntwo\n").out, "[0] one said\n[1] two said\n");
  const std::string data = File("d.jsonl", kDialogues);
  const Finished zero = Run({"generate", "--dataset", data, "--skip", "1", "-o", "jsonl"});
  EXPECT_THAT(zero.out, AllOf(HasSubstr("\"id\":\"d1\""), HasSubstr("\"weight_version\":4"),
                              HasSubstr("\"reference\":\"Bob leaves.\"")));
  EXPECT_THAT(cluster_.policy.last.prompts(0), HasSubstr("Bye Bob."));
}

TEST_F(CommandsTest, ShotsComeBeforeTheDialogue) {
  const std::string data = File("d.jsonl", kDialogues);
  EXPECT_EQ(Run({"generate", "--dataset", data, "--shots", "1"}).code, 0);
  ASSERT_EQ(cluster_.policy.last.prompts_size(), 1);
  const std::string prompt = cluster_.policy.last.prompts(0);
  EXPECT_LT(prompt.find("Ann is here."), prompt.find("Bye Bob."));
  EXPECT_THAT(Run({"generate", "--dataset", data, "--shots", "5"}).err,
              HasSubstr("--shots: more than the file has examples"));
}

TEST_F(CommandsTest, SamplingFlagsReachTheRequest) {
  Run({"generate", "x", "--sample", "--temperature", "0.5", "--top-k", "7", "--num-samples", "3",
       "--sampling-seed", "9", "--max-new-tokens", "11", "--truncate"});
  const v1::SamplingParams& sampling = cluster_.policy.last.sampling();
  EXPECT_TRUE(sampling.do_sample());
  EXPECT_FLOAT_EQ(sampling.temperature(), 0.5f);
  EXPECT_EQ(sampling.top_k(), 7u);
  EXPECT_EQ(sampling.num_samples(), 3u);
  EXPECT_EQ(sampling.seed(), 9u);
  EXPECT_EQ(sampling.max_new_tokens(), 11u);
  EXPECT_TRUE(cluster_.policy.last.truncate_prompts());
}

TEST_F(CommandsTest, ScoresTextsAndJudgesLabelledFiles) {
  const Finished texts = Run({"score", "You fool", "Hello"});
  EXPECT_THAT(texts.out, AllOf(HasSubstr("toxic    0.0200      0.9800    You fool"),
                               HasSubstr("neutral  0.9800      0.0200    Hello")));
  const std::string file =
      File("t.csv", "text,is_toxic\nYou fool,Toxic\n\"Nice, day\",Not Toxic\nfool,Not Toxic\n");
  EXPECT_THAT(Run({"score", "--file", file}).out,
              HasSubstr("3 labelled texts: accuracy 0.6667, AUC 0.7500"));
  EXPECT_THAT(Run({"score", "--file", file, "-o", "json"}).out, HasSubstr("\"accuracy\": 0.66"));
}

TEST_F(CommandsTest, OneBadTextIsAnErrorOfItsOwn) {
  const Finished run = Run({"score", "Hello", std::string(1001, 'x')});
  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.out, HasSubstr("Hello"));
  EXPECT_EQ(run.err, "tactctl: text 2: text: too long; set truncate\n");
}

TEST_F(CommandsTest, TrainUploadsMakesAndFollowsAJob) {
  const std::string data = File("d.jsonl", kDialogues);
  const std::string id_file = (folder_.path() / "id").string();
  const Finished run =
      Run({"train",           "lora",  "--base-model", "policy", "--dataset",     data,
           "--name",          "sft",   "--lora-rank",  "4",      "--lora-target", "q,k",
           "--learning-rate", "0.003", "--max-steps",  "3",      "--schedule",    "cosine",
           "--id-file",       id_file});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("job job-1 (lora) queued"), HasSubstr("succeeded")));
  EXPECT_THAT(run.err, HasSubstr("lora  step 3/3  loss 0.3333"));
  EXPECT_EQ(tact::testing::ReadAll(id_file), "job-1\n");
  EXPECT_EQ(cluster_.trainer.uploaded, kDialogues);
  EXPECT_EQ(cluster_.trainer.last_header.sha256(), Sha256Hex(kDialogues));
  EXPECT_EQ(cluster_.trainer.last_header.kind(), v1::DATASET_KIND_DIALOGUES);
  const v1::JobSpec& spec = cluster_.trainer.last_spec;
  EXPECT_EQ(spec.kind(), v1::JOB_KIND_LORA);
  EXPECT_EQ(spec.base_model(), "policy");
  EXPECT_EQ(spec.dataset_id(), "data-1");
  EXPECT_EQ(spec.lora().rank(), 4u);
  EXPECT_THAT(spec.lora().target_modules(), ElementsAre("q", "k"));
  EXPECT_DOUBLE_EQ(spec.optimizer().learning_rate(), 0.003);
  EXPECT_EQ(spec.optimizer().schedule(), v1::SCHEDULE_COSINE);
  EXPECT_EQ(spec.supervised().max_steps(), 3u);
}

TEST_F(CommandsTest, PpoFlagsReachTheSpec) {
  Run({"train", "ppo", "--base-job", "j", "--dataset-id", "data-9", "--steps", "5", "--no-lora",
       "--no-adaptive-kl", "--init-kl-coef", "0.5", "--mini-batch-size", "8", "--no-follow"});
  const v1::JobSpec& spec = cluster_.trainer.last_spec;
  EXPECT_EQ(spec.base_job(), "j");
  EXPECT_EQ(spec.dataset_id(), "data-9");
  EXPECT_EQ(spec.ppo().steps(), 5u);
  EXPECT_TRUE(spec.ppo().has_use_lora());
  EXPECT_FALSE(spec.ppo().use_lora());
  EXPECT_FALSE(spec.ppo().adaptive_kl());
  EXPECT_DOUBLE_EQ(spec.ppo().init_kl_coef(), 0.5);
  EXPECT_THAT(cluster_.trainer.watched_after, IsEmpty());
}

TEST_F(CommandsTest, AFailedJobIsAnError) {
  const Finished run =
      Run({"train", "full", "--base-model", "policy", "--dataset-id", "d", "--name", "failing"});
  EXPECT_EQ(run.code, 10);
  EXPECT_THAT(run.err, HasSubstr("job job-1 failed: loss: not finite; lower the learning rate"));
}

TEST_F(CommandsTest, FollowingGoesOnWhereATrainerThatRestartedLeft) {
  const Finished run =
      Run({"train", "full", "--base-model", "policy", "--dataset-id", "d", "--name", "broken"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(cluster_.trainer.watched_after, ElementsAre(0, 1));
}

TEST_F(CommandsTest, InterruptLeavesTheJobRunning) {
  std::thread interrupt([this] {
    tact::testing::WaitFor([this] { return !cluster_.trainer.watched_after.empty(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    kill(getpid(), SIGINT);
  });
  const Finished run =
      Run({"train", "full", "--base-model", "policy", "--dataset-id", "d", "--name", "endless"});
  interrupt.join();
  EXPECT_EQ(run.code, 130);
  EXPECT_THAT(run.err, HasSubstr("come back with: tactctl jobs watch job-1"));
}

TEST_F(CommandsTest, JobsAreListedAndLookedUp) {
  EXPECT_THAT(Run({"jobs", "list"}).out, HasSubstr("job-1"));
  EXPECT_THAT(Run({"jobs", "get", "job-1", "-o", "json"}).out, HasSubstr("\"step\": 3"));
  const Finished none = Run({"jobs", "get", "job-7"});
  EXPECT_EQ(none.code, 5);
  EXPECT_EQ(none.err, "tactctl: id: no such job, found job-7; see tactctl jobs list\n");
}

TEST_F(CommandsTest, EvaluatesModelsAgainstTheChosenReference) {
  const std::string data = File("d.jsonl", kDialogues);
  const std::string ids = (folder_.path() / "ids").string();
  const Finished run = Run({"eval", "--dataset", data, "--reference-field", "neutral_summary",
                            "--model", "base,sft", "--limit", "1", "--id-file", ids});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("base   0.7500"), HasSubstr("0.4000"), HasSubstr("sft")));
  EXPECT_EQ(tact::testing::ReadAll(ids), "eval-base\neval-sft\n");
  ASSERT_EQ(cluster_.evaluation.specs.size(), 2u);
  ASSERT_EQ(cluster_.evaluation.specs[0].examples_size(), 1);
  EXPECT_THAT(cluster_.evaluation.specs[0].examples(0).references(), ElementsAre("Ann came."));
  EXPECT_THAT(run.out, AllOf(HasSubstr("95 % intervals (1000 resamples, seed 7)"),
                             HasSubstr("0.7000-0.8000"), HasSubstr("tokens")));
  const Finished chosen =
      Run({"eval", "--dataset", data, "--model", "sft@7", "--toxicity-threshold", "0.25"});
  EXPECT_EQ(chosen.code, 0) << chosen.err;
  EXPECT_EQ(cluster_.evaluation.specs.back().model(), "sft");
  EXPECT_EQ(cluster_.evaluation.specs.back().weight_version(), 7u);
  EXPECT_EQ(cluster_.evaluation.specs.back().toxicity_threshold(), 0.25);
  const Finished odd = Run({"eval", "--dataset", data, "--model", "sft@new"});
  EXPECT_EQ(odd.code, 3);
  EXPECT_THAT(odd.err, HasSubstr("NAME@VERSION"));
  const Finished broken = Run({"eval", "--dataset", data, "--model", "broken"});
  EXPECT_EQ(broken.code, 10);
  EXPECT_THAT(broken.err, HasSubstr("policy service: not served"));
}

TEST_F(CommandsTest, CompareWritesReportsWithCurves) {
  const std::string report = (folder_.path() / "report.html").string();
  const Finished run = Run({"compare", "a", "b", "--report", report, "--job", "job-1"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("Ann is angry with Bob."), HasSubstr("4.50")));
  EXPECT_EQ(tact::testing::ReadAll(report), "<html></html>");
  ASSERT_EQ(cluster_.evaluation.last_report.curves_size(), 1);
  EXPECT_EQ(cluster_.evaluation.last_report.curves(0).values_size(), 3);
  EXPECT_THAT(Run({"compare", "a", "b", "--report", "r.pdf"}).err,
              HasSubstr("end the name in .html, .csv or .json"));
  EXPECT_THAT(run.out, HasSubstr("lower by .31 (95 % interval .28 to .34), p < .001"));
  EXPECT_EQ(Run({"compare", "a", "b", "--report", report + ".summary.csv", "--permutations", "50",
                 "--confidence", "0.9"})
                .code,
            0);
  EXPECT_EQ(cluster_.evaluation.last_report.format(), v1::REPORT_FORMAT_SUMMARY_CSV);
  EXPECT_EQ(cluster_.evaluation.last_report.resampling().permutations(), 50u);
  EXPECT_EQ(cluster_.evaluation.last_report.resampling().confidence(), 0.9);
}

TEST_F(CommandsTest, BadFilesAreRefusedWithTheirLine) {
  const std::string good = "{\"dialogue\":\"Hi\",\"summary\":\"Hi\"}\n";
  struct Case {
    const char* why;
    std::string text;
    std::vector<std::string> expected;
  };
  const std::vector<Case> cases = {
      {"bad UTF-8",
       good + "{\"dialogue\":\"\xff\",\"summary\":\"x\"}\n",
       {"bad.jsonl", "2", "UTF-8"}},
      {"empty dialogue",
       good + "{\"dialogue\":\"  \",\"summary\":\"x\"}\n",
       {"2", "dialogue", "empty"}},
      {"unknown column", "{\"text\":\"Hi\",\"summary\":\"x\"}\n", {"1", "dialogue", "text"}},
      {"no JSON", good + "nothing\n", {"2"}},
  };
  for (const Case& one : cases) {
    const std::string file = File("bad.jsonl", one.text);
    for (const char* command : {"generate", "eval"}) {
      const Finished run = Run({command, "--dataset", file});
      EXPECT_EQ(run.code, 3) << one.why << run.err;
      for (const std::string& part : one.expected) EXPECT_THAT(run.err, HasSubstr(part)) << one.why;
    }
  }
  EXPECT_EQ(Run({"eval", "--dataset", "nowhere.jsonl"}).code, 5);
}

TEST_F(CommandsTest, WrongCommandLinesExitWith64) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"fly"},
                                             {"generate", "--temperature", "hot"},
                                             {"train", "lora", "--dataset", "x"},
                                             {"train", "full", "--base-model", "m"},
                                             {"jobs", "get"},
                                             {"-o", "xml", "jobs", "list"}}) {
    const Finished run = RunBare(arguments);
    EXPECT_EQ(run.code, 64) << run.err;
    EXPECT_THAT(run.err, HasSubstr("--help"));
  }
  EXPECT_EQ(RunBare({"--help"}).code, 0);
  EXPECT_THAT(RunBare({"train", "ppo", "--help"}).out, HasSubstr("--init-kl-coef"));
}

TEST_F(CommandsTest, AServiceThatIsDownIsNamedWithItsAddressAndCure) {
  cluster_.server->Shutdown();
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"generate", "x"}, {"score", "x"}, {"jobs", "list"}}) {
    const Finished run = Run(arguments);
    EXPECT_EQ(run.code, 14);
    EXPECT_THAT(run.err, AllOf(HasSubstr(" service at " + cluster_.address),
                               HasSubstr("start it with \"tactctl up\"")));
  }
  EXPECT_EQ(Run({"status"}).code, 14);
}

TEST_F(CommandsTest, WhatAServiceAnswersStaysAsItIs) {
  const Finished run = Run({"generate", "x", "--model", "none"});
  EXPECT_EQ(run.code, 5);
  EXPECT_EQ(run.err, "tactctl: model: not a served name, found none; it serves base\n");
}

}  // namespace
}  // namespace tact::ctl

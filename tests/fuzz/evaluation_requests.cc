// tact-fuzz-evaluation SECONDS [SEED]: mutated requests for every method of an evaluation service.
#include <utility>

#include "common/base/strings.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "services/evaluation/evaluation_service.h"
#include "services/evaluation/fake_services.h"
#include "tests/fuzz/request_fuzzer.h"

namespace tact::fuzz {
namespace {

struct Evaluations {
  FakePolicy policy;
  FakeReward reward;
  FakeServer policy_server{policy}, reward_server{reward};
  std::unique_ptr<EvaluationStore> store;
  std::unique_ptr<ModelChannels> channels;
  std::unique_ptr<EvaluationRunner> runner;
  std::unique_ptr<EvaluationService> service;
  std::unique_ptr<Server> server;
  std::unique_ptr<v1::EvaluationService::Stub> stub;
  std::string address;
  v1::Evaluation before, after;  // when they had ended
};

v1::RunEvaluationRequest Run(const std::string& request_id, const std::string& model) {
  v1::RunEvaluationRequest request;
  request.set_request_id(request_id);
  v1::EvaluationSpec& spec = *request.mutable_spec();
  spec.set_prompt_template("none");
  spec.set_model(model);
  for (const char* text : {"a rude joke", "two", "three words here"}) {
    v1::DialogueExample& example = *spec.add_examples();
    example.set_id(StrCat("id of ", text));
    example.set_dialogue(text);
    example.add_references("something else");
  }
  return request;
}

v1::Evaluation Get(Evaluations& all, const std::string& id) {
  v1::GetEvaluationRequest request = WithId<v1::GetEvaluationRequest>(id);
  request.set_include_examples(true);
  grpc::ClientContext context;
  v1::GetEvaluationResponse response;
  const grpc::Status status = all.stub->GetEvaluation(&context, request, &response);
  if (!status.ok()) FailFuzzing("a valid GetEvaluation answers " + status.error_message());
  return response.evaluation();
}

v1::Evaluation RunToEnd(Evaluations& all, const v1::RunEvaluationRequest& request) {
  grpc::ClientContext context, watch_context;
  v1::RunEvaluationResponse response;
  const grpc::Status status = all.stub->RunEvaluation(&context, request, &response);
  if (!status.ok()) FailFuzzing("a valid RunEvaluation answers " + status.error_message());
  const std::string id = response.evaluation().id();
  const auto reader =
      all.stub->WatchEvaluation(&watch_context, WithId<v1::WatchEvaluationRequest>(id));
  for (v1::WatchEvaluationResponse update; reader->Read(&update);) {
  }
  reader->Finish();
  const v1::Evaluation evaluation = Get(all, id);
  if (evaluation.state() != v1::EVALUATION_STATE_SUCCEEDED) FailFuzzing(evaluation.error());
  return evaluation;
}

std::vector<Seed> ComputeSeeds() {
  v1::ComputeRougeRequest rouge;
  rouge.add_predictions("They meet and talk.");
  rouge.add_references("They talk.\nThen they part.");
  v1::ComputeToxicityRequest toxicity;
  toxicity.add_texts("a rude joke");
  toxicity.set_toxic_label("toxic");
  return {MakeSeed("ComputeRouge", rouge), MakeSeed("ComputeToxicity", toxicity)};
}

std::vector<Seed> Seeds(const Evaluations& all) {
  std::vector<Seed> out = ComputeSeeds();
  const std::string &before = all.before.id(), &after = all.after.id();
  v1::GetEvaluationRequest get = WithId<v1::GetEvaluationRequest>(before);
  get.set_include_examples(true);
  v1::ListEvaluationsRequest list;
  list.set_page_size(2);
  list.set_page_token(StrCat("1.5/", before));
  v1::CompareRequest compare;
  compare.set_before_id(before);
  compare.set_after_id(after);
  out.push_back(MakeSeed("RunEvaluation", Run("", "base")));
  out.push_back(MakeSeed("GetEvaluation", get));
  out.push_back(MakeSeed("WatchEvaluation", WithId<v1::WatchEvaluationRequest>(before)));
  out.push_back(MakeSeed("ListEvaluations", list));
  out.push_back(MakeSeed("Compare", compare));
  for (const auto format :
       {v1::REPORT_FORMAT_HTML, v1::REPORT_FORMAT_JSON, v1::REPORT_FORMAT_CSV}) {
    v1::GetReportRequest report;
    report.set_before_id(before);
    report.set_after_id(after);
    report.set_format(format);
    report.add_other_ids(after);
    v1::ReportCurve& curve = *report.add_curves();
    curve.set_name("reward");
    for (const double x : {1.0, 2.0, 3.0}) {
      curve.add_steps(x);
      curve.add_values(x / 2);
    }
    out.push_back(MakeSeed("GetReport", report));
  }
  return out;
}

// What had ended stands as it stood, and can be compared.
void Check(Evaluations& all) {
  for (const v1::Evaluation* kept : {&all.before, &all.after}) {
    if (Get(all, kept->id()).SerializeAsString() != kept->SerializeAsString()) {
      FailFuzzing("an evaluation that had ended is another now");
    }
  }
  grpc::ClientContext context;
  v1::CompareRequest request;
  request.set_before_id(all.before.id());
  request.set_after_id(all.after.id());
  v1::CompareResponse response;
  const grpc::Status status = all.stub->Compare(&context, request, &response);
  if (!status.ok() || response.rows_size() != 3) FailFuzzing("Compare fails");
}

void Wire(Evaluations& all, const std::filesystem::path& folder) {
  all.store = EvaluationStore::Open(folder / "evaluations", 100'000).value();
  all.channels = std::make_unique<ModelChannels>(
      ModelAddresses{all.policy_server.address(), all.reward_server.address()}, 32 << 20);
  RunnerOptions options;
  options.calls = {1, 60};
  all.runner = std::make_unique<EvaluationRunner>(options, *all.channels, *all.store);
  all.service = std::make_unique<EvaluationService>(*all.store, *all.runner, *all.channels);
  all.server = Server::Start({}, {all.service.get()}, {"tact.v1.EvaluationService"}).value();
  all.server->SetReady(true);
  all.address = StrCat("127.0.0.1:", all.server->port());
  all.stub = v1::EvaluationService::NewStub(MakeChannel(all.address));
}

RequestTarget Start(const FolderWatch& folders) {
  const auto all = std::make_shared<Evaluations>();
  Wire(*all, folders.service());
  all->before = RunToEnd(*all, Run("before", "base"));
  all->after = RunToEnd(*all, Run("after", "tuned"));
  return {"tact.v1.EvaluationService", all->address, Seeds(*all), {"WatchEvaluation"}, [all] {
            Check(*all);
          }};
}

}  // namespace
}  // namespace tact::fuzz

int main(int argc, char** argv) { return tact::fuzz::FuzzRequests(argc, argv, tact::fuzz::Start); }

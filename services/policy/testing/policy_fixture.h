// A PolicyService with a tiny random model on a loopback port, and a client of it.
#ifndef TACT_SERVICES_POLICY_TESTING_POLICY_FIXTURE_H_
#define TACT_SERVICES_POLICY_TESTING_POLICY_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/rpc/server.h"
#include "services/policy/policy_service.h"
#include "services/policy/testing/tiny_model.h"
#include "tact/v1/policy.grpc.pb.h"

namespace tact::testing {

class PolicyFixture : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  virtual PolicyServiceOptions Options() const;

  // A payload for the served architecture: full weights by seed.
  std::string FullPayload(uint64_t seed) const;
  grpc::Status Push(const v1::PushHeader& header, const std::string& payload,
                    v1::PushWeightsResponse* response, size_t chunk = 1 << 16);
  v1::PushHeader HeaderFor(const std::string& model, uint64_t version,
                           const std::string& payload) const;
  grpc::Status Generate(const v1::GenerateRequest& request, v1::GenerateResponse* response);
  grpc::Status Rollouts(const v1::StreamRolloutsRequest& request,
                        std::vector<v1::Rollout>* rollouts);

  std::filesystem::path folder_;
  T5Config config_;
  std::unique_ptr<PolicyServiceImpl> service_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::PolicyService::Stub> stub_;
};

}  // namespace tact::testing

#endif  // TACT_SERVICES_POLICY_TESTING_POLICY_FIXTURE_H_

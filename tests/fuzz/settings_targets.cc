// What starts a program or tells it whom to trust: role files, certificates, addresses, the ranks'
// environment, job files, records of evaluations, the file of a running cluster.
#include <cstdio>
#include <cstdlib>
#include <map>

#include "absl/time/clock.h"
#include "common/base/sha256.h"
#include "common/base/strings.h"
#include "common/rpc/address.h"
#include "common/rpc/roles.h"
#include "common/rpc/testing/certificates.h"
#include "common/rpc/tls_files.h"
#include "services/evaluation/store/record_file.h"
#include "services/tactctl/cluster_file.h"
#include "services/tactctl/hub.h"
#include "services/tactctl/spec_fields.h"
#include "services/tactctl/spec_file.h"
#include "services/trainer/ranks/rank_settings.h"
#include "tests/fuzz/targets.h"

namespace tact::fuzz {
namespace {

namespace fs = std::filesystem;

void Demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

Target RolesTarget() {
  const auto run = [](const std::string& input) {
    const auto map = ParseRoleMap(input, "roles.json");
    if (!WasRead(map.status())) return false;
    for (const auto& [identity, roles] : map->identities) {
      Demand(RolesOf(*map, {identity, kAdmin}) == roles, "a file's roles are not the caller's");
    }
    return true;
  };
  return {"roles",
          {R"({"identities": {"spiffe://tact/notebook": ["client"], "alice": ["client", "admin"]},)"
           R"( "others": "none"})",
           R"({"others": "certificate", "identities": {"bob": []}})"},
          run,
          Grammar::kJson};
}

// "CN=...": whatever stands in a name, only a unit of its own gives a role.
Target SubjectTarget() {
  const auto run = [](const std::string& input) {
    const Caller caller = CallerFrom({input}, input, input);
    if (caller.certificate_roles != kNoRole) {
      Demand(input.find("OU=") != input.npos || input.starts_with("spiffe://"),
             "a role that no unit gives");
    }
    return caller.certificate_roles != kNoRole;
  };
  return {"subject",
          {"CN=alice,OU=trainer+OU=admin", "CN=a\\,OU=admin,O=x", "spiffe://tact/trainer/0"},
          run,
          Grammar::kLines};
}

Target AddressTarget() {
  const auto run = [](const std::string& input) {
    const auto address = ParseAddress("--address", input);
    if (!WasRead(address.status())) return false;
    Demand(address->port >= 0 && address->port <= 65535, "a port that is none");
    IsLoopback(address->host);
    return true;
  };
  return {"address",
          {"127.0.0.1:7001", "[::1]:0", "localhost:65535", "dns:///policy.tact.svc:7001"},
          run,
          Grammar::kLines};
}

// Lines "NAME=VALUE".
Target RanksTarget() {
  const auto run = [](const std::string& input) {
    std::map<std::string, std::string> values;
    for (size_t at = 0; at < input.size();) {
      const size_t end = std::min(input.find('\n', at), input.size());
      const std::string line = input.substr(at, end - at);
      const size_t equals = line.find('=');
      if (equals != line.npos) values[line.substr(0, equals)] = line.substr(equals + 1);
      at = end + 1;
    }
    const auto settings = ParseRankSettings([&](const char* name) {
      const auto found = values.find(name);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    });
    if (!WasRead(settings.status())) return false;
    Demand(settings->rank >= 0 && settings->rank < settings->world_size, "a rank that is none");
    return true;
  };
  return {"ranks",
          {"WORLD_SIZE=4\nRANK=2\nMASTER_ADDR=rank-0.ranks\nMASTER_PORT=29500",
           "WORLD_SIZE=2\nRANK=0\nMASTER_ADDR=::1\nMASTER_PORT=1\nGLOO_SOCKET_IFNAME=lo"},
          run,
          Grammar::kLines};
}

std::string Framed(const std::string& body) {
  return StrCat("tact-evaluation-1 ", Sha256Hex(body), "\n", body);
}

std::string RecordBody() {
  v1::Evaluation record;
  record.set_id("eval-1");
  record.set_state(v1::EVALUATION_STATE_SUCCEEDED);
  record.mutable_spec()->add_examples()->set_dialogue("Ann: Hello, Ben.");
  v1::EvaluatedExample& result = *record.add_results();
  result.set_response("They meet.");
  result.set_reward(0.5);
  return record.SerializeAsString();
}

// The whole file, or the message in a frame whose checksum is right.
Target RecordTarget(const fs::path& folder, bool framed) {
  const auto run = [folder, framed](const std::string& input) {
    const fs::path file = folder / "record.evaluation";
    WriteInput(file, framed ? Framed(input) : input);
    return WasRead(ReadRecord(file).status());
  };
  const std::string body = RecordBody();
  return {framed ? "record message" : "record file", {framed ? body : Framed(body)}, run};
}

Target ClusterTarget(const fs::path& folder) {
  const auto run = [folder](const std::string& input) {
    WriteInput(folder / "cluster.json", input);
    return WasRead(ctl::ReadClusterFile(folder).status());
  };
  return {"cluster.json",
          {R"({"supervisor": 17, "members": [{"name": "policy", "address": "127.0.0.1:7001",)"
           R"( "http": "127.0.0.1:7101", "pid": 18}]})"},
          run,
          Grammar::kJson};
}

Target SpecFileTarget(const fs::path& folder) {
  const auto run = [folder](const std::string& input) {
    const fs::path file = folder / "job.json";
    WriteInput(file, input);
    return WasRead(ctl::ReadSpecFile(file).status());
  };
  return {
      "job file",
      {R"({"name": "job", "kind": "JOB_KIND_LORA", "baseModel": "t5", "datasetId": "pairs-1",)"
       R"( "seed": "7", "optimizer": {"learningRate": 1e-4, "schedule": "SCHEDULE_LINEAR"},)"
       R"( "lora": {"rank": 8, "targetModules": ["q", "v"]}, "supervised": {"maxSteps": 3}})",
       R"({"kind": 3, "ppo": {"steps": 2, "sampling": {"topP": 0.9}, "guards": {"maxKl": 5}}})"},
      run,
      Grammar::kJson};
}

// A line each, as --set takes them. What was set is set again to the same.
Target SetFieldTarget() {
  const auto run = [](const std::string& input) {
    const auto assignment = ctl::SplitAssignment(input);
    if (!WasRead(assignment.status())) return false;
    v1::JobSpec spec;
    if (!WasRead(ctl::SetField(spec, assignment->first, assignment->second))) return false;
    v1::JobSpec again;
    for (const auto& [path, value] : ctl::SetFields(spec)) {
      WasRead(ctl::SetField(again, path, value));
    }
    return true;
  };
  return {"--set",
          {"optimizer.learning_rate=1e-4", "optimizer.schedule=linear", "ppo.sampling.top_p=0.9",
           "lora.target_modules=q,v", "supervised.pad_to_max=true", "seed=18446744073709551615"},
          run,
          Grammar::kLines};
}

Target UrlTarget() {
  const auto run = [](const std::string& input) {
    const ctl::Url from{"https://hub.example", "/a"};
    const auto url = ctl::ParseUrl(input);
    const auto to = ctl::ResolveRedirect(from, input);
    if (WasRead(to.status())) {
      Demand(to->origin.starts_with("https://"), "a redirect that leaves https");
    }
    const std::string sha256 = ctl::Sha256OfEtag(input);
    Demand(sha256.empty() || sha256.size() == 64, "a SHA-256 of another length");
    return WasRead(url.status());
  };
  return {"url",
          {"https://hub.example:443/org/name", "//cdn.example/x?y=1", "/resolve/main/config.json",
           "http://plain.example/", "W/\"" + std::string(64, 'a') + "\""},
          run,
          Grammar::kLines};
}

// Certificate, key and authorities, one of them damaged.
Target TlsTarget(const fs::path& folder) {
  const testing::Authority authority(folder);
  const testing::CertificateFiles own = authority.Issue("own");
  const auto run = [folder, own, authorities = authority.certificate()](const std::string& input) {
    const fs::path damaged = folder / "damaged.pem";
    WriteInput(damaged, input);
    const std::string path = damaged;
    bool read = false;
    for (const TlsFiles& files :
         {TlsFiles{{"--tls-cert", path}, {"--tls-key", own.key}, {}},
          TlsFiles{{"--tls-cert", own.certificate}, {"--tls-key", path}, {}},
          TlsFiles{{}, {}, {"--tls-client-ca", path}}}) {
      read |= WasRead(ReadTlsFiles(files, absl::Now()).status());
    }
    return read;
  };
  std::vector<std::string> corpus;
  for (const fs::path& file : {own.certificate, own.key, authority.certificate()}) {
    corpus.push_back(ReadWhole(file));
  }
  corpus.push_back(corpus[0] + corpus[2]);
  return {"certificates", std::move(corpus), run, Grammar::kLines};
}

}  // namespace

std::vector<Target> SettingsTargets(const fs::path& folder) {
  return {RolesTarget(),
          SubjectTarget(),
          AddressTarget(),
          RanksTarget(),
          RecordTarget(folder, false),
          RecordTarget(folder, true),
          ClusterTarget(folder),
          SpecFileTarget(folder),
          SetFieldTarget(),
          UrlTarget(),
          TlsTarget(folder)};
}

}  // namespace tact::fuzz

// A service for tests of tactctl up: listens and is healthy, or fails as FAKE_FAIL says. It is
// called through links named tact-policy, tact-reward, ...
#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/rpc/server.h"

namespace {

// "tact.v1.PolicyService" for "tact-policy".
std::string ServiceName(const std::string& program) {
  std::string name = program.substr(program.find('-') + 1);
  name[0] = static_cast<char>(std::toupper(name[0]));
  return "tact.v1." + name + "Service";
}

}  // namespace

int main(int argc, char** argv) {
  tact::BlockStopSignals();
  const std::string program = std::filesystem::path(argv[0]).filename();
  const char* failing = std::getenv("FAKE_FAIL");
  if (failing != nullptr && program == failing) {
    std::fprintf(stderr, "%s: --model: no config.json; name another folder\n", program.c_str());
    return 3;
  }
  CLI::App app(program);
  app.allow_extras();
  tact::ServerOptions options;
  tact::AddServerFlags(app, options, 0, 0);
  CLI11_PARSE(app, argc, argv);
  auto server = tact::Server::Start(options, {}, {ServiceName(program)});
  if (!server.ok()) return tact::FailStart(program, server.status());
  return tact::ServeUntilStopped(**server, program);
}

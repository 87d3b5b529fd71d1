#include "common/rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <pthread.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include "common/base/build_info.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/base/strings.h"
#include "common/rpc/address.h"
#include "common/rpc/audit_interceptor.h"
#include "common/rpc/audit_log.h"
#include "common/rpc/authorizer.h"
#include "common/rpc/http_endpoint.h"
#include "common/rpc/method_metrics.h"
#include "common/rpc/refusals.h"

namespace tact {
namespace {

absl::Status CheckExposure(const ServerOptions& options, const HostPort& grpc) {
  if (IsLoopback(grpc.host) || options.insecure) return absl::OkStatus();
  if (!options.tls.enabled()) {
    return FieldError("--address", options.address, "not a loopback address, and there is no TLS",
                      "pass --tls-cert and --tls-key, listen on 127.0.0.1, or pass --insecure");
  }
  if (options.tls.client_ca.empty()) {
    LogWarning("whoever reaches ", options.address,
               " may call everything: there is no --tls-client-ca, hence no roles");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<AuditLog>> OpenAuditLog(const ServerOptions& options) {
  if (options.audit_log.empty()) return std::shared_ptr<AuditLog>();
  return AuditLog::Open(options.audit_log);
}

// Roles come from certificates: without --tls-client-ca nobody has one.
absl::Status CheckRoles(const ServerOptions& options) {
  if (options.roles_file.empty() || !options.tls.client_ca.empty()) return absl::OkStatus();
  return FieldError("--roles", options.roles_file, "is given without --tls-client-ca",
                    "pass --tls-client-ca FILE, so that callers show who they are");
}

absl::StatusOr<ServerCredentials> MakeGuarded(const ServerOptions& options,
                                              const std::shared_ptr<AuditLog>& audit) {
  RETURN_IF_ERROR(CheckRoles(options));
  ASSIGN_OR_RETURN(ServerCredentials credentials, MakeServerCredentials(options.tls));
  if (options.tls.client_ca.empty()) return credentials;
  ASSIGN_OR_RETURN(const auto authorizer, Authorizer::Make(options.roles_file, audit));
  credentials->SetAuthMetadataProcessor(authorizer);
  return credentials;
}

void AddInterceptors(grpc::ServerBuilder& builder, const std::shared_ptr<AuditLog>& audit) {
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> creators;
  creators.push_back(std::make_unique<RefusalInterceptors>());
  if (audit != nullptr) creators.push_back(std::make_unique<AuditInterceptors>(audit));
  builder.experimental().SetInterceptorCreators(std::move(creators));
}

// What gRPC may hold of messages that are on their way, at least: above it, it takes connections
// and streams away from those that hold most.
constexpr size_t kLeastBuffers = size_t{512} << 20;
constexpr size_t kMessagesInBuffers = 16;

void LimitResources(grpc::ServerBuilder& builder, const ServerOptions& options) {
  grpc::ResourceQuota quota("tact");
  quota.SetMaxThreads(options.max_threads);
  quota.Resize(std::max(kLeastBuffers, kMessagesInBuffers * options.max_message_bytes));
  builder.SetResourceQuota(quota);
}

// The grace is without end: a push or a watched job is never cut for its connection's age.
void LimitConnectionAge(grpc::ServerBuilder& builder, double seconds) {
  if (seconds <= 0) return;
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, static_cast<int>(seconds * 1000));
}

void Configure(grpc::ServerBuilder& builder, const ServerOptions& options) {
  const int limit = static_cast<int>(options.max_message_bytes);
  builder.SetMaxReceiveMessageSize(limit);
  builder.SetMaxSendMessageSize(limit);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 2);
  LimitResources(builder, options);
  LimitConnectionAge(builder, options.connection_age_seconds);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16 * 1024);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 256);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
}

}  // namespace

absl::StatusOr<ServerCredentials> MakeGuardedCredentials(const ServerOptions& options) {
  ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(options));
  return MakeGuarded(options, audit);
}

void AddServerFlags(CLI::App& app, ServerOptions& options, int default_grpc_port,
                    int default_http_port) {
  options.address = StrCat("127.0.0.1:", default_grpc_port);
  options.http_address = StrCat("127.0.0.1:", default_http_port);
  app.add_option("--address", options.address, "gRPC address, host:port")->capture_default_str();
  app.add_option("--http-address", options.http_address,
                 "address of /metrics, /healthz and /readyz")
      ->capture_default_str();
  app.add_flag("--insecure", options.insecure, "listen beyond loopback without TLS");
  app.add_option_function<size_t>(
         "--max-message-mb", [&options](const size_t& mb) { options.max_message_bytes = mb << 20; },
         "largest message in MiB [32]")
      ->check(CLI::Range(1, 1024));
  app.add_option("--max-threads", options.max_threads, "handlers at once")
      ->check(CLI::Range(4, 4096))
      ->capture_default_str();
  app.add_option("--drain-seconds", options.drain_seconds, "wait for calls in flight at the end")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app.add_option("--max-connection-age", options.connection_age_seconds,
                 "seconds after which clients connect anew, and find new replicas; 0: never")
      ->check(CLI::Range(0.0, 604800.0))
      ->capture_default_str();
  AddServerTlsFlags(app, options.tls);
  app.add_option("--roles", options.roles_file, "JSON file: the roles of callers, by certificate");
  app.add_option("--audit-log", options.audit_log,
                 "append calls that change state, and refused ones, to this file");
}

struct Server::State {
  UnknownMethods unknown_methods;
  std::unique_ptr<HttpEndpoint> http;
  std::unique_ptr<grpc::Server> grpc;
  std::vector<std::string> names;
  int port = 0;
  double drain_seconds = 0;
  std::mutex health_mutex;  // of what is told, so that the last word is the newest
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() { Shutdown(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const std::vector<grpc::Service*>& services,
                                                      const std::vector<std::string>& names) {
  ASSIGN_OR_RETURN(const HostPort address, ParseAddress("--address", options.address));
  ASSIGN_OR_RETURN(const HostPort http, ParseAddress("--http-address", options.http_address));
  RETURN_IF_ERROR(CheckExposure(options, address));
  ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(options));
  ASSIGN_OR_RETURN(const ServerCredentials credentials, MakeGuarded(options, audit));
  auto state = std::make_unique<State>();
  state->names = names;
  state->drain_seconds = options.drain_seconds;
  ASSIGN_OR_RETURN(state->http, HttpEndpoint::Start(http.host, http.port, options.http_routes));

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  Configure(builder, options);
  AddInterceptors(builder, audit);
  builder.AddListeningPort(options.address, credentials, &state->port);
  for (grpc::Service* service : services) builder.RegisterService(service);
  builder.RegisterCallbackGenericService(&state->unknown_methods);
  for (const std::string& name : names) MethodMetrics::InitialiseAll(name);
  InitialiseRefusalMetrics();
  state->grpc = builder.BuildAndStart();
  if (state->grpc == nullptr || state->port == 0) {
    return MakeError(absl::StatusCode::kUnavailable,
                     {"PORT_IN_USE", "--address", options.address,
                      "stop what listens there or choose another address"},
                     "cannot listen on this address");
  }
  auto server = std::unique_ptr<Server>(new Server(std::move(state)));
  server->SetReady(false);
  return server;
}

void Server::SetReady(bool ready) {
  state_->http->SetReady(ready);
  TellHealth();
}

void Server::SetTrouble(std::string reason, bool needs_restart) {
  state_->http->condition().SetTrouble(std::move(reason), needs_restart);
  TellHealth();
}

void Server::TellHealth() {
  const std::lock_guard lock(state_->health_mutex);
  const bool ready = state_->http->condition().Ask().ready;
  static auto& gauge = GaugeMetric("tact_ready", "1 while health says SERVING, otherwise 0.");
  gauge.Set(ready ? 1 : 0);
  if (state_->grpc == nullptr) return;
  auto* health = state_->grpc->GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus(ready);
  for (const std::string& name : state_->names) health->SetServingStatus(name, ready);
}

double Server::leave_seconds() const { return std::min(1.0, state_->drain_seconds / 4); }
int Server::port() const { return state_->port; }
int Server::http_port() const { return state_->http->port(); }

void Server::Shutdown() {
  if (state_->grpc == nullptr) return;
  SetReady(false);
  state_->grpc->Shutdown(
      std::chrono::system_clock::now() +
      std::chrono::milliseconds(static_cast<int64_t>(state_->drain_seconds * 1000)));
  state_->grpc->Wait();
  const std::lock_guard lock(state_->health_mutex);
  state_->grpc.reset();
}

void BlockStopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void WaitForStopSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  int signal = 0;
  sigwait(&set, &signal);
}

int ServeUntilStopped(Server& server, std::string_view program,
                      const std::function<void()>& before_shutdown) {
  ExportBuildInfo(std::string(program));
  server.SetReady(true);
  std::printf("%s listening on port %d, http on port %d\n", std::string(program).c_str(),
              server.port(), server.http_port());
  std::fflush(stdout);
  WaitForStopSignal();
  LogInfo("stopping");
  const Stopwatch watch;
  server.SetReady(false);
  if (before_shutdown) before_shutdown();
  std::this_thread::sleep_for(
      std::chrono::duration<double>(server.leave_seconds() - watch.Seconds()));
  server.Shutdown();
  return 0;
}

int FailStart(std::string_view program, const absl::Status& status) {
  std::fprintf(stderr, "%s: %s\n", std::string(program).c_str(),
               std::string(status.message()).c_str());
  return 1;
}

}  // namespace tact

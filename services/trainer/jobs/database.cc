#include "services/trainer/jobs/database.h"

#include <sqlite3.h>

#include <utility>

#include "common/base/status.h"
#include "common/base/strings.h"

namespace tact {
namespace {

absl::Status SqliteError(sqlite3* handle, int code) {
  const std::string text = StrCat("job store: ", sqlite3_errmsg(handle));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(text);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(text);
    default:
      return absl::UnavailableError(text);
  }
}

}  // namespace

Statement::Statement(sqlite3* database, sqlite3_stmt* statement, int code)
    : database_(database), statement_(statement), code_(code) {}
Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      code_(other.code_),
      bound_(other.bound_) {}
Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::Bind(int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Statement& Statement::Bind(std::string_view value) {
  if (code_ == SQLITE_OK) {
    code_ = sqlite3_bind_blob64(statement_, ++bound_, value.empty() ? "" : value.data(),
                                value.size(), SQLITE_TRANSIENT);
  }
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (code_ == SQLITE_OK) code_ = sqlite3_step(statement_);
  const int code = std::exchange(code_, SQLITE_OK);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError(database_, code);
}

absl::Status Statement::Run() { return Step().status(); }

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Statement::Text(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? "" : std::string(static_cast<const char*>(data), size);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& path,
                                                         const char* schema) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  auto database = std::unique_ptr<Database>(new Database(handle));
  if (code != SQLITE_OK) return Annotate(SqliteError(handle, code), path.string());
  sqlite3_busy_timeout(handle, 5000);
  for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", schema}) {
    if (const absl::Status done = database->Execute(sql); !done.ok()) {
      return Annotate(done, path.string());
    }
  }
  return database;
}

Database::~Database() { sqlite3_close(handle_); }

absl::Status Database::Execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : SqliteError(handle_, code);
}

Statement Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  return Statement(handle_, statement, code);
}

absl::Status Database::Transaction(const std::function<absl::Status()>& body) {
  RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  absl::Status status = body();
  if (status.ok()) status = Execute("COMMIT");
  if (!status.ok()) {
    const absl::Status rolled_back = Execute("ROLLBACK");
    if (!rolled_back.ok()) return absl::UnavailableError(rolled_back.message());
  }
  return status;
}

}  // namespace tact

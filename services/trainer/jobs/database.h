// A SQLite database (WAL, every commit fsynced) behind three small types. One thread at a time.
#ifndef TACT_SERVICES_TRAINER_JOBS_DATABASE_H_
#define TACT_SERVICES_TRAINER_JOBS_DATABASE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tact {

class Database;

// A prepared statement: Bind in order, then Step. The first error is kept and returned by Step.
class Statement {
 public:
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement(const Statement&) = delete;

  Statement& Bind(int64_t value);
  Statement& Bind(std::string_view value);  // stored as a blob
  // True while there is a row.
  absl::StatusOr<bool> Step();
  // For statements that give no rows.
  absl::Status Run();

  int64_t Int(int column) const;
  std::string Text(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* database, sqlite3_stmt* statement, int code);
  sqlite3* database_;
  sqlite3_stmt* statement_;
  int code_;
  int bound_ = 0;
};

class Database {
 public:
  // Creates the file if need be and runs `schema` ("CREATE TABLE IF NOT EXISTS ...").
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::filesystem::path& path,
                                                        const char* schema);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Statement Prepare(std::string_view sql);
  // Everything in `body` or nothing; durable when it returns OK.
  absl::Status Transaction(const std::function<absl::Status()>& body);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  absl::Status Execute(const char* sql);
  sqlite3* handle_;
};

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_JOBS_DATABASE_H_

// Responses that are streamed together, for a reader of one text: pieces of the first response that
// is open pass at once, those of the others wait for their turn.
#ifndef TACT_SERVICES_TACTCTL_PIECE_ORDER_H_
#define TACT_SERVICES_TACTCTL_PIECE_ORDER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tact::ctl {

class PieceOrder {
 public:
  explicit PieceOrder(size_t responses) : held_(responses) {}

  // What is to be printed now: responses in order, each with "\n" behind it. `ended` says that
  // `piece` is the last of `response`, which must be below the number of responses.
  std::string Take(size_t response, std::string_view piece, bool ended);
  // All responses have ended and been given out.
  bool done() const { return open_ == held_.size(); }

 private:
  struct Held {
    std::string text;
    bool ended = false;
  };
  std::vector<Held> held_;
  size_t open_ = 0;  // the response whose pieces pass
};

}  // namespace tact::ctl

#endif  // TACT_SERVICES_TACTCTL_PIECE_ORDER_H_

// Text and numbers as HTML.
#ifndef TACT_SERVICES_TRAINER_PAGE_HTML_TEXT_H_
#define TACT_SERVICES_TRAINER_PAGE_HTML_TEXT_H_

#include <string>
#include <string_view>

#include "tact/v1/trainer.pb.h"

namespace tact {

// Safe between tags and in quoted attributes.
std::string EscapeHtml(std::string_view text);

std::string StateWord(v1::JobState state);        // "running"
std::string KindWord(v1::JobKind kind);           // "ppo"
std::string ReasonWords(v1::PauseReason reason);  // "disk full"
// Four significant digits.
std::string ShortNumber(double value);
// "2026-11-25 14:30 UTC"; "" for 0.
std::string Moment(double epoch_seconds);

}  // namespace tact

#endif  // TACT_SERVICES_TRAINER_PAGE_HTML_TEXT_H_

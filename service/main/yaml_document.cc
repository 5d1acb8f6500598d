#include "service/main/yaml_document.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/parser.h"

namespace credbroker {
namespace {

constexpr size_t kDeepest = 32;
constexpr size_t kMostNodes = 2'000'000;
constexpr size_t kMostOpenBrackets = 1000;

// Ends a parse whose fault is recorded already. Never leaves this file.
struct StopParsing {};

int LineAt(absl::string_view text, size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

// The length of the UTF-8 sequence that `text` begins with (RFC 3629 section 4); 0 if none does.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF.
  if (lead == 0xe0 && byte(1) < 0xa0) return 0;
  if (lead == 0xed && byte(1) > 0x9f) return 0;
  if (lead == 0xf0 && byte(1) < 0x90) return 0;
  if (lead == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

// The library takes byte 4 for the end of the file, and NUL for nothing.
bool CheckCharacters(absl::string_view text, Faults& faults) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8Length(text.substr(i));
    if (length == 0) {
      faults.push_back({LineAt(text, i), "", "not valid UTF-8"});
      return false;
    }
    const auto c = static_cast<uint8_t>(text[i]);
    if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r')) {
      faults.push_back({LineAt(text, i), "", "holds a control character"});
      return false;
    }
    i += length;
  }
  return true;
}

// The library reads a list or mapping in brackets to its end before it says that it has begun, and
// keeps some hundred bytes for each bracket meanwhile: kDeepest would be noticed too late. Brackets
// in quotes and comments count here too, and so many more are let through.
bool CheckBrackets(absl::string_view text, Faults& faults) {
  size_t open = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > kMostOpenBrackets) {
      faults.push_back({LineAt(text, i), "", "nested too deeply"});
      return false;
    }
  }
  return true;
}

// Whether the quoted scalar that begins at `start` ends.
bool QuoteEnds(absl::string_view text, size_t start) {
  const char quote = text[start];
  for (size_t i = start + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == '\'';
      if (!doubled) return true;
      ++i;
    }
  }
  return false;
}

// What the library says, where that is known to quote nothing of the input.
std::string SyntaxMessage(const std::string& said) {
  namespace msg = YAML::ErrorMsg;
  for (const char* known :
       {msg::END_OF_MAP, msg::END_OF_MAP_FLOW, msg::END_OF_SEQ, msg::END_OF_SEQ_FLOW,
        msg::TAB_IN_INDENTATION, msg::EOF_IN_SCALAR, msg::FLOW_END, msg::BLOCK_ENTRY, msg::MAP_KEY,
        msg::MAP_VALUE, msg::UNKNOWN_TOKEN, msg::UNKNOWN_ANCHOR, msg::DOC_IN_SCALAR}) {
    if (said == known) return absl::StrCat("not valid YAML: ", known);
  }
  return "not valid YAML";
}

// Builds the tree from the parser's events. An alias is one event here, never what it stands for,
// so nothing can blow up.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(absl::string_view text, Faults& faults) : text_(text), faults_(faults) {}

  YamlNode TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) Stop(mark, "only one document is allowed, and something follows it");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (ExpectsName()) Stop(mark, "the name of a field must be text");
    // Its mark is that of what comes next; its name's is better.
    const bool named = !frames_.empty() && frames_.back().node->kind == YamlNode::Kind::kMapping;
    Add(mark, anchor, YamlNode::Kind::kNull).line = named ? frames_.back().line : Line(mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    if (ExpectsName()) Stop(mark, "the name of a field must be text");
    Add(mark, YAML::NullAnchor, YamlNode::Kind::kRefused);
    Refuse(mark, "aliases are not supported");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // "?": no quotes; "!": quotes or a block.
    const bool plain = tag == "?";
    const auto start = static_cast<size_t>(mark.pos);
    const bool in_text = mark.pos >= 0 && start < text_.size();
    if (!plain && in_text && (text_[start] == '"' || text_[start] == '\'') &&
        !QuoteEnds(text_, start)) {
      Stop(mark, "this quote does not end");
    }
    if (ExpectsName()) {
      Name(mark, value);
      CheckTag(mark, tag, in_text && text_[start] == '!');
      if (anchor != YAML::NullAnchor) Refuse(mark, "anchors are not supported");
      return;
    }
    YamlNode& node = Add(mark, anchor, YamlNode::Kind::kScalar);
    node.plain = plain;
    node.text = value;
    CheckTag(mark, tag, in_text && text_[start] == '!');
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMapping);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A sequence or mapping that is not complete.
  struct Frame {
    // Stays where it is: its parent gets no further children meanwhile.
    YamlNode* node;
    // Of a mapping: whether the next scalar is a name; else the value of field `name` comes.
    bool expects_name = true;
    std::string name;
    int line = 0;
    absl::flat_hash_map<std::string, int> lines;
  };

  static int Line(const YAML::Mark& mark) { return mark.line + 1; }

  bool ExpectsName() const {
    return !frames_.empty() && frames_.back().node->kind == YamlNode::Kind::kMapping &&
           frames_.back().expects_name;
  }

  std::string Path() const {
    std::string path;
    for (const Frame& frame : frames_) {
      if (frame.node->kind == YamlNode::Kind::kSequence) {
        if (!frame.node->items.empty()) path = ItemPath(path, frame.node->items.size() - 1);
      } else if (frame.line > 0) {
        path = FieldPath(path, frame.name);
      }
    }
    return path;
  }

  void Refuse(const YAML::Mark& mark, absl::string_view message) {
    faults_.push_back({Line(mark), Path(), std::string(message)});
  }
  [[noreturn]] void Stop(const YAML::Mark& mark, absl::string_view message) {
    faults_.push_back({Line(mark), "", std::string(message)});
    throw StopParsing();
  }

  void CheckTag(const YAML::Mark& mark, const std::string& tag, bool written) {
    if (written || !(tag.empty() || tag == "?" || tag == "!")) {
      Refuse(mark, "tags are not supported");
    }
  }

  void Name(const YAML::Mark& mark, const std::string& name) {
    Frame& frame = frames_.back();
    frame.expects_name = false;
    frame.name = name;
    frame.line = Line(mark);
    const auto [first, fresh] = frame.lines.emplace(name, frame.line);
    if (!fresh) Refuse(mark, absl::StrCat("duplicate field, first on line ", first->second));
  }

  YamlNode& Add(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (++nodes_ > kMostNodes) Stop(mark, "too many values");
    YamlNode* node = &root_;
    if (!frames_.empty()) {
      Frame& frame = frames_.back();
      if (frame.node->kind == YamlNode::Kind::kSequence) {
        node = &frame.node->items.emplace_back();
      } else {
        frame.node->fields.push_back({frame.name, frame.line, YamlNode()});
        node = &frame.node->fields.back().value;
        frame.expects_name = true;
      }
    }
    node->kind = kind;
    node->line = Line(mark);
    if (anchor != YAML::NullAnchor) Refuse(mark, "anchors are not supported");
    return *node;
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    if (ExpectsName()) Stop(mark, "the name of a field must be text");
    if (frames_.size() >= kDeepest) Stop(mark, "nested too deeply");
    YamlNode& node = Add(mark, anchor, kind);
    CheckTag(mark, tag, false);
    frames_.push_back({&node, true, "", 0, {}});
  }
  void Close() { frames_.pop_back(); }

  const absl::string_view text_;
  Faults& faults_;
  YamlNode root_;
  std::vector<Frame> frames_;
  size_t nodes_ = 0;
  int documents_ = 0;
};

// The one place where the library's exceptions end.
bool Parse(const std::string& text, TreeBuilder& builder, Faults& faults) {
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      faults.push_back({0, "", "the file is empty"});
      return false;
    }
    while (parser.HandleNextDocument(builder)) {
    }
    return true;
  } catch (const StopParsing&) {
  } catch (const YAML::Exception& e) {
    const int line = e.mark.is_null() ? LineAt(text, text.size()) : e.mark.line + 1;
    faults.push_back({line, "", SyntaxMessage(e.msg)});
  }
  return false;
}

}  // namespace

std::optional<YamlNode> LoadYaml(absl::string_view text, Faults& faults) {
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  if (!CheckCharacters(text, faults) || !CheckBrackets(text, faults)) return std::nullopt;
  TreeBuilder builder(text, faults);
  if (!Parse(std::string(text), builder, faults)) return std::nullopt;
  return builder.TakeRoot();
}

}  // namespace credbroker

#include "service/main/yaml_document.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace credbroker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> FaultsIn(const std::string& text) {
  Faults faults;
  LoadYaml(text, faults);
  std::vector<std::string> lines;
  for (const Fault& fault : faults) lines.push_back(Describe(fault, "f"));
  return lines;
}

TEST(YamlDocument, ReadsValuesWithTheirLines) {
  Faults faults;
  const auto root = LoadYaml("# c\na: 1\nb:\n- x\n- 'y'\nc: {d: \"\\u00e4\"}\ne:\n", faults);
  ASSERT_THAT(faults, IsEmpty());
  ASSERT_TRUE(root);
  ASSERT_EQ(root->kind, YamlNode::Kind::kMapping);
  EXPECT_EQ(root->line, 2);
  ASSERT_EQ(root->fields.size(), 4u);
  EXPECT_EQ(root->fields[0].name, "a");
  EXPECT_EQ(root->fields[0].value.text, "1");
  EXPECT_TRUE(root->fields[0].value.plain);
  EXPECT_EQ(root->fields[1].line, 3);
  ASSERT_EQ(root->fields[1].value.items.size(), 2u);
  EXPECT_EQ(root->fields[1].value.items[1].line, 5);
  EXPECT_FALSE(root->fields[1].value.items[1].plain);
  EXPECT_EQ(root->fields[2].value.fields[0].value.text, "\xc3\xa4");
  EXPECT_EQ(root->fields[3].value.kind, YamlNode::Kind::kNull);
  EXPECT_EQ(root->fields[3].value.line, 7);
}

TEST(YamlDocument, ReadsJson) {
  Faults faults;
  const auto root = LoadYaml("{\n  \"a\": [true, \"b\"],\n  \"c\": null\n}\n", faults);
  ASSERT_THAT(faults, IsEmpty());
  ASSERT_EQ(root->fields.size(), 2u);
  EXPECT_TRUE(root->fields[0].value.items[0].plain);
  EXPECT_FALSE(root->fields[0].value.items[1].plain);
  EXPECT_EQ(root->fields[1].value.kind, YamlNode::Kind::kNull);
}

TEST(YamlDocument, IgnoresAByteOrderMark) {
  Faults faults;
  const auto root = LoadYaml(
      "\xef\xbb\xbf"
      "a: 'b'\n",
      faults);
  EXPECT_THAT(faults, IsEmpty());
  EXPECT_EQ(root->fields[0].name, "a");
}

TEST(YamlDocument, QuotesThatEndAreFineWhateverIsInThem) {
  EXPECT_THAT(FaultsIn("a: \"x\\\"y\"\n'b''': 'it''s'\nc: \"\xc3\xa4\\\\\"\nd: |\n  \"\n  '\n"
                       "e: >\n  \"\nf: it's\ng: 'two\n  lines'\n"),
              IsEmpty());
}

// An alias is refused where it stands, and what it stands for is never walked.
TEST(YamlDocument, Row31AliasBombIsRefused) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i <= 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 8; ++j) bomb += "," + before;
    bomb += "]\n";
  }
  const std::vector<std::string> faults = FaultsIn(bomb);
  ASSERT_EQ(faults.size(), 10u + 9u * 9u);
  EXPECT_EQ(faults[0], "f:1: a0: anchors are not supported");
  EXPECT_EQ(faults[2], "f:2: a1[0]: aliases are not supported");
}

TEST(YamlDocument, Row31AliasesAnchorsAndTagsAreNamed) {
  EXPECT_THAT(FaultsIn("a: &x 1\nb: *x\nc: !!str 2\nd: !t {e: ! f}\n"),
              ElementsAre("f:1: a: anchors are not supported", "f:2: b: aliases are not supported",
                          "f:3: c: tags are not supported", "f:4: d: tags are not supported",
                          "f:4: d.e: tags are not supported"));
}

TEST(YamlDocument, Row31DuplicateFieldsAreNamedAtTheirOwnDepth) {
  EXPECT_THAT(FaultsIn("a: 1\nb:\n- {c: 1, \"c\": 2}\n- c: 1\n'a': 2\n"),
              ElementsAre("f:3: b[0].c: duplicate field, first on line 3",
                          "f:5: a: duplicate field, first on line 1"));
}

TEST(YamlDocument, Row31SecondDocumentIsRefused) {
  for (const char* text : {"a: 1\n---\nb: 2\n", "a: 1\n...\n---\n", "{a: 1}\n{b: 2}\n"}) {
    const std::vector<std::string> faults = FaultsIn(text);
    ASSERT_EQ(faults.size(), 1u) << text;
  }
  EXPECT_THAT(FaultsIn("a: 1\n---\nb: 2\n"),
              ElementsAre("f:2: only one document is allowed, and something follows it"));
  EXPECT_THAT(FaultsIn("---\na: 1\n...\n"), IsEmpty());
}

TEST(YamlDocument, Row31UnterminatedQuoteIsRefused) {
  for (const char* text : {"a: \"b", "a: \"b\n", "a: 'b\n", "a: 'b''\n", "a: \"b\\\"\n", "\"a\n",
                           "a: [\"b\n", "{\"a\": \"b\n", "a: '\n", "a: \"\n"}) {
    EXPECT_EQ(FaultsIn(text).size(), 1u) << text;
  }
}

TEST(YamlDocument, Row31TextThatIsNotUtf8IsRefused) {
  for (const char* bad : {"\xff", "\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x80\x80\x80"}) {
    EXPECT_THAT(FaultsIn(std::string("a: 1\nb: ") + bad), ElementsAre("f:2: not valid UTF-8"));
    EXPECT_THAT(FaultsIn(std::string("a: 1\nb: ") + bad + "\n"),
                ElementsAre("f:2: not valid UTF-8"));
  }
  EXPECT_THAT(FaultsIn("a: \xed\x9f\xbf\xf4\x8f\xbf\xbf\xf0\x90\x80\x80\xe0\xa0\x80\n"), IsEmpty());
}

TEST(YamlDocument, Row31ControlCharactersAreRefused) {
  EXPECT_THAT(FaultsIn(std::string("a: 1\nb: x\0y\n", 12)),
              ElementsAre("f:2: holds a control character"));
  // The library would take this byte for the end of the file.
  EXPECT_THAT(FaultsIn("a: 1\n\x04"
                       "b: 2\n"),
              ElementsAre("f:2: holds a control character"));
  EXPECT_THAT(FaultsIn("a:\t1\r\nb: 2\r\n"), IsEmpty());
}

TEST(YamlDocument, Row31NamesMustBeText) {
  for (const char* text : {"? [a]\n: b\n", "? {a: b}\n: c\n", "~: b\n", ": b\n", "a: {null: b}\n",
                           "a: &x 1\n*x : b\n"}) {
    const std::vector<std::string> faults = FaultsIn(text);
    ASSERT_FALSE(faults.empty()) << text;
    EXPECT_THAT(faults.back(), ::testing::HasSubstr("the name of a field must be text")) << text;
  }
}

TEST(YamlDocument, Row31ThirtyTwoLevelsAreFineAndOneMoreIsRefused) {
  EXPECT_THAT(FaultsIn(std::string(32, '[') + std::string(32, ']')), IsEmpty());
  EXPECT_THAT(FaultsIn(std::string(33, '[') + std::string(33, ']')),
              ElementsAre("f:1: nested too deeply"));
  EXPECT_THAT(FaultsIn("a: b\n" + std::string(16 << 20, '[')),
              ElementsAre("f:2: nested too deeply"));
  EXPECT_THAT(FaultsIn("# [[[{{{\na: '[[[{{{'\n"), IsEmpty());
}

TEST(YamlDocument, Row31TwoMillionValuesAreTheMost) {
  std::string text = "[";
  for (int i = 0; i < 2'000'000; ++i) text += i % 1000 == 0 ? "a,\n" : "a,";
  text += "]";
  EXPECT_THAT(FaultsIn(text), ElementsAre("f:2001: too many values"));
}

TEST(YamlDocument, Row31EmptyFilesAreRefused) {
  for (const char* text : {"", "\n", "# only a comment\n", "   \n"}) {
    EXPECT_THAT(FaultsIn(text), ElementsAre("f: the file is empty")) << text;
  }
}

TEST(YamlDocument, Row31SyntaxErrorsHaveALineAndQuoteNothing) {
  EXPECT_THAT(FaultsIn("a: 1\nb: {c: 1\n"),
              ElementsAre("f:3: not valid YAML: end of map flow not found"));
  EXPECT_THAT(FaultsIn("a: \"\\q-hunter2\"\n"), ElementsAre("f:1: not valid YAML"));
  EXPECT_THAT(FaultsIn("a: *hunter2\n"),
              ElementsAre("f:1: not valid YAML: the referenced anchor is not defined"));
}

}  // namespace
}  // namespace credbroker

// Colours for protos: the highlight.js of mdBook does not know them.
hljs.registerLanguage("proto", (hljs) => ({
    keywords: {
        keyword: "syntax package service rpc returns stream message enum import option repeated optional oneof map",
        built_in: "bool bytes double fixed32 fixed64 float int32 int64 sint32 sint64 string uint32 uint64",
    },
    contains: [hljs.QUOTE_STRING_MODE, hljs.NUMBER_MODE, hljs.C_LINE_COMMENT_MODE],
}));
for (const block of document.querySelectorAll("code.proto")) {
    block.innerHTML = hljs.highlight("proto", block.textContent).value;
}

package dev.unreset.console;

import java.util.List;
import org.commonmark.Extension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.node.FencedCodeBlock;
import org.commonmark.node.IndentedCodeBlock;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/// Markdown of the reference as HTML. HTML in the source is shown, not obeyed.
final class Markdown {

    private static final List<Extension> EXTENSIONS = List.of(HeadingAnchorExtension.create());
    private static final Parser PARSER = Parser.builder().extensions(EXTENSIONS).build();
    private static final HtmlRenderer RENDERER =
            HtmlRenderer.builder()
                    .extensions(EXTENSIONS)
                    .escapeHtml(true)
                    .sanitizeUrls(true)
                    .attributeProviderFactory(context ->
                            (node, tag, attributes) -> {
                                if (tag.equals("pre")
                                        && (node instanceof FencedCodeBlock
                                                || node instanceof IndentedCodeBlock)) {
                                    // Wide code scrolls, also by keyboard.
                                    attributes.put("tabindex", "0");
                                }
                            })
                    .build();

    private Markdown() {}

    static String html(String markdown) {
        return RENDERER.render(PARSER.parse(markdown));
    }
}

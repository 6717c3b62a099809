package dev.graft.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.htmlunit.BrowserVersion;
import org.htmlunit.ScriptException;
import org.htmlunit.WebClient;
import org.htmlunit.WebRequest;
import org.htmlunit.WebResponse;
import org.htmlunit.html.DomElement;
import org.htmlunit.html.HtmlPage;
import org.htmlunit.javascript.SilentJavaScriptErrorListener;
import org.htmlunit.util.FalsifyingWebConnection;

/** A browser without a network that complains of whatever is wrong with a report. */
public final class Browser {
  private Browser() {}

  /** Opens a report and requires that it needs nothing, is complete and has no error. */
  public static HtmlPage open(Path file) throws IOException {
    List<String> complaints = new ArrayList<>();
    try (WebClient browser = new WebClient(BrowserVersion.CHROME)) {
      browser.setWebConnection(
          new FalsifyingWebConnection(browser) {
            @Override
            public WebResponse getResponse(WebRequest request) throws IOException {
              if (!request.getUrl().getProtocol().equals("file")) {
                complaints.add("The page asks for " + request.getUrl());
                return createWebResponse(request, "", "text/plain");
              }
              return super.getResponse(request);
            }
          });
      browser.setJavaScriptErrorListener(
          new SilentJavaScriptErrorListener() {
            @Override
            public void scriptException(HtmlPage page, ScriptException failure) {
              complaints.add(failure.toString());
            }
          });
      browser.setIncorrectnessListener((message, origin) -> complaints.add(message));
      browser.getOptions().setThrowExceptionOnScriptError(false);
      browser.getOptions().setCssEnabled(true);
      browser.getOptions().setDownloadImages(true);
      URL url = file.toUri().toURL();
      HtmlPage page = browser.getPage(url);
      pictures(page);
      references(page).forEach(complaints::add);
      assertThat(complaints).isEmpty();
      return page;
    }
  }

  /** Decodes every picture and counts them. */
  public static int pictures(HtmlPage page) throws IOException {
    List<DomElement> pictures = List.copyOf(page.getElementsByTagName("img"));
    for (DomElement picture : pictures) {
      String source = picture.getAttribute("src");
      assertThat(source).startsWith("data:image/");
      byte[] bytes = Base64.getDecoder().decode(source.substring(source.indexOf(',') + 1));
      BufferedImage decoded = ImageIO.read(new ByteArrayInputStream(bytes));
      assertThat(decoded).as(source).isNotNull();
      assertThat(decoded.getWidth()).isEqualTo(Integer.parseInt(picture.getAttribute("width")));
    }
    return pictures.size();
  }

  /** What leads out of the page. */
  private static List<String> references(HtmlPage page) {
    List<String> found = new ArrayList<>();
    for (DomElement element : page.getDomElementDescendants()) {
      for (String name : List.of("src", "href", "xlink:href", "action", "srcset")) {
        String value = element.getAttribute(name);
        boolean inside = value.isEmpty() || value.startsWith("#") || value.startsWith("data:");
        if (!inside) {
          found.add(element.getTagName() + " refers to " + value);
        }
      }
    }
    return found;
  }
}

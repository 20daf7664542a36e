"""One stream of events in; JSON, HTML, JUnit, Markdown, Allure and a terminal summary out."""

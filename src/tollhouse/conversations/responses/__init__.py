"""The same in OpenAI's words: responses that are kept, and the items of conversations."""

"""Memory around the gateway: conversations, their turns, and what of them a model is told again.

From the bottom: `messages` are what is said, `runs` what is under way in this process, `keeping` is what lies in the
store. `turns` ask and answer, `responses` say the same in OpenAI's words, and `telling` is for those who listen.
"""

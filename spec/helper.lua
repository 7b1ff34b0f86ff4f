-- Loaded by busted before the specs (.busted): garbage is collected after each test, so that a finaliser which fails, or
-- memory that was freed too early, shows in the test that made it.
local busted = require "busted"

busted.subscribe({ "test", "end" }, function()
    collectgarbage()
    return nil, true
end)

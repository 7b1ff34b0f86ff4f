-- What the generators of random signatures share: the dice.
local draw = {}

-- One of `list` that `accepts` lets through, by its `weight`.
function draw.weighted(list, accepts)
    local sum = 0
    for _, item in ipairs(list) do
        if accepts(item) then sum = sum + item.weight end
    end
    local dice = math.random() * sum
    for _, item in ipairs(list) do
        if accepts(item) then
            dice = dice - item.weight
            if dice < 0 then return item end
        end
    end
end

-- One signature in five is variadic from a random argument on; promoted(type) is what the type becomes there.
function draw.variadic(signature, promoted)
    local nargs = #signature.args
    signature.nfixed = nargs
    if nargs > 0 and math.random() < 0.2 then
        signature.is_variadic = true
        signature.nfixed = math.random(1, nargs)
        for i = signature.nfixed + 1, nargs do signature.args[i] = promoted(signature.args[i]) end
    end
end

return draw

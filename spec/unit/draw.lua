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

return draw

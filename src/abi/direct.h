/* Calls by AbiPlan.direct: the function returns to our own caller's code, where the compiler takes the result as one of the types of
 * AbiReturn. Inline, for it is what the fastest calls of both faces are made of. */
#ifndef AIRLOCK_ABI_DIRECT_H
#define AIRLOCK_ABI_DIRECT_H

#include <string.h>

#include "abi/abi.h"

/* Calls by plan->direct, which only reads the frame: the function returns here. For the first two of AbiReturn; a float, or
 * what else is in the low bytes of xmm0, as such. */
static inline uint64_t abi_direct_word(AbiFunction direct, const AbiFrame *frame, AbiFunction function)
{
    return ((uint64_t(*)(const AbiFrame *, AbiFunction))direct)(frame, function);
}

static inline double abi_direct_double(AbiFunction direct, const AbiFrame *frame, AbiFunction function)
{
    return ((double (*)(const AbiFrame *, AbiFunction))direct)(frame, function);
}

static inline float abi_direct_float(AbiFunction direct, const AbiFrame *frame, AbiFunction function)
{
    return ((float (*)(const AbiFrame *, AbiFunction))direct)(frame, function);
}

/* The same for all of AbiReturn: the result's first plan->result_nbytes bytes are in `words`. */
static inline void abi_direct(const AbiPlan *plan, const AbiFrame *frame, AbiFunction function, uint64_t words[2])
{
    struct Words {
        uint64_t first, second;
    } both;
    struct Doubles {
        double first, second;
    } doubles;
    struct WordDouble {
        uint64_t first;
        double second;
    } word_double;
    struct DoubleWord {
        double first;
        uint64_t second;
    } double_word;
    double number;
    switch ((AbiReturn)plan->returns) {
    case ABI_RETURN_WORDS:
        both = ((struct Words(*)(const AbiFrame *, AbiFunction))plan->direct)(frame, function);
        memcpy(words, &both, sizeof both);
        break;
    case ABI_RETURN_DOUBLES:
        doubles = ((struct Doubles(*)(const AbiFrame *, AbiFunction))plan->direct)(frame, function);
        memcpy(words, &doubles, sizeof doubles);
        break;
    case ABI_RETURN_WORD_DOUBLE:
        word_double = ((struct WordDouble(*)(const AbiFrame *, AbiFunction))plan->direct)(frame, function);
        memcpy(words, &word_double, sizeof word_double);
        break;
    case ABI_RETURN_DOUBLE_WORD:
        double_word = ((struct DoubleWord(*)(const AbiFrame *, AbiFunction))plan->direct)(frame, function);
        memcpy(words, &double_word, sizeof double_word);
        break;
    case ABI_RETURN_DOUBLE:
        number = abi_direct_double(plan->direct, frame, function);
        memcpy(words, &number, sizeof number);
        break;
    default: words[0] = abi_direct_word(plan->direct, frame, function); break;
    }
}

#endif

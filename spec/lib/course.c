/* The C twins of course.asm's functions: same arithmetic in the same order, so that the results are equal to the last bit. */
#include <stdint.h>

uint32_t alternate_sum_8_c(uint32_t x1, uint32_t x2, uint32_t x3, uint32_t x4, uint32_t x5, uint32_t x6, uint32_t x7, uint32_t x8);
void product_2_f_c(uint32_t *dst, uint32_t x, float f);
void product_9_f_c(double *dst, uint32_t x1, float f1, uint32_t x2, float f2, uint32_t x3, float f3, uint32_t x4, float f4,
                   uint32_t x5, float f5, uint32_t x6, float f6, uint32_t x7, float f7, uint32_t x8, float f8, uint32_t x9,
                   float f9);

uint32_t alternate_sum_8_c(uint32_t x1, uint32_t x2, uint32_t x3, uint32_t x4, uint32_t x5, uint32_t x6, uint32_t x7, uint32_t x8)
{
    return x1 - x2 + x3 - x4 + x5 - x6 + x7 - x8;
}

void product_2_f_c(uint32_t *dst, uint32_t x, float f)
{
    *dst = (uint32_t)((float)x * f);
}

void product_9_f_c(double *dst, uint32_t x1, float f1, uint32_t x2, float f2, uint32_t x3, float f3, uint32_t x4, float f4,
                   uint32_t x5, float f5, uint32_t x6, float f6, uint32_t x7, float f7, uint32_t x8, float f8, uint32_t x9,
                   float f9)
{
    double product = f1;
    product = product * f2 * f3 * f4 * f5 * f6 * f7 * f8 * f9;
    *dst = product * x1 * x2 * x3 * x4 * x5 * x6 * x7 * x8 * x9;
}

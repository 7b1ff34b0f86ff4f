/* The library that this repository began with: an addition, and the sum of the first N naturals passed as N arguments. */

int add(int a, int b);
int sum1(int a1);
int sum6(int a1, int a2, int a3, int a4, int a5, int a6);
int sum7(int a1, int a2, int a3, int a4, int a5, int a6, int a7);
int sum10(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10);
int sum20(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10, int a11, int a12, int a13, int a14,
          int a15, int a16, int a17, int a18, int a19, int a20);

int add(int a, int b)
{
    return a + b;
}

int sum1(int a1)
{
    return a1;
}

int sum6(int a1, int a2, int a3, int a4, int a5, int a6)
{
    return a1 + a2 + a3 + a4 + a5 + a6;
}

int sum7(int a1, int a2, int a3, int a4, int a5, int a6, int a7)
{
    return a1 + a2 + a3 + a4 + a5 + a6 + a7;
}

int sum10(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10)
{
    return a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10;
}

int sum20(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8, int a9, int a10, int a11, int a12, int a13, int a14,
          int a15, int a16, int a17, int a18, int a19, int a20)
{
    return a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11 + a12 + a13 + a14 + a15 + a16 + a17 + a18 + a19 + a20;
}

@echo off
rem Runs Graft's command line, after building it where it is missing or older than its sources. In a distribution it is built.
rem
rem   JAVA_HOME        the JDK to use; otherwise the java on the PATH
rem   GRAFT_JAVA_OPTS  options for the Java machine, such as -Xmx8g
rem   MAVEN_OPTS       options for Maven, such as -Dmaven.repo.local=FOLDER
setlocal EnableExtensions DisableDelayedExpansion

set "root=%~dp0"
set "home=%root%target\launcher"
set "jdk_hint=install a JDK 17 or newer, for instance with winget install EclipseAdoptium.Temurin.17.JDK"
set "maven_hint=install Maven 3.8 or newer, for instance with scoop install maven"

set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java.exe"
set "version="
for /f "tokens=3" %%v in ('call "%java%" -version 2^>^&1 ^| findstr /i /c:" version "') do set "version=%%~v"
if not defined version (
  echo graft: no Java was found: %jdk_hint%, and set JAVA_HOME to it. 1>&2
  exit /b 1
)
for /f "delims=.-+" %%v in ("%version%") do set "version=%%v"
if %version% LSS 17 (
  echo graft: this is Java %version%: %jdk_hint%, and set JAVA_HOME to it. 1>&2
  exit /b 1
)

rem In the folder bin of a distribution nothing is to be built.
if exist "%root%pom.xml" goto check
set launch=--enable-native-access=ALL-UNNAMED -cp "%root%..\lib\*" dev.graft.cli.Main
goto start

:check
rem What was built is fresh as long as the copy of its sources, kept beside it, is as new as they are.
rem That does not see a deleted source; remove target\launcher after deleting one.
if not exist "%home%\stamp" goto build
xcopy "%root%pom.xml" "%home%\sources\" /d /l /y 2>nul | findstr /i /e /c:"pom.xml" >nul && goto build
xcopy "%root%src\main" "%home%\sources\src\main\" /d /l /s /y 2>nul | findstr /i /c:"\src\main\" >nul && goto build

:run
set "jar="
set /p jar=<"%home%\stamp"
set launch=-jar "%home%\%jar%"

:start
if not defined TF_CPP_MIN_LOG_LEVEL set "TF_CPP_MIN_LOG_LEVEL=2"
rem TensorFlow's memory is not the heap's: the wrapper's own limit, a multiple of the heap, has to go.
rem From Java 22 on only this console tells whether the output is a terminal.
rem What ends soon is hardly worth the optimising compiler.
set "compiler=-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000 -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
for %%c in (train resume tune evaluate) do if "%~1"=="%%c" set "compiler="
"%java%" -XX:+UseSerialGC -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 %compiler% -Djdk.console=java.base %GRAFT_JAVA_OPTS% %launch% %*
exit /b %ERRORLEVEL%

:build
where mvn >nul 2>&1
if errorlevel 1 (
  echo graft: no Maven was found: %maven_hint%. 1>&2
  exit /b 1
)
if exist "%home%\stamp" (
  echo graft: building again, because pom.xml or src\main changed 1>&2
) else (
  echo graft: building, as this is the first start: fetching what is not on this computer yet ^(TensorFlow for this platform, about 160 MB, and about 35 MB of other libraries and build tools^), then compiling 1>&2
)

rem Built in a folder of its own, and put in place when it is whole. A jar in use cannot be replaced here, so each build has a name of its own.
set "id=%RANDOM%%RANDOM%"
set "work=%home%\work.%id%"
mkdir "%work%\sources\src\main" 2>nul
copy /y "%root%pom.xml" "%work%\sources\" >nul
xcopy "%root%src\main" "%work%\sources\src\main\" /s /y /q >nul
set "plugins=org.apache.maven.plugins"
set "commit=io.github.git-commit-id:git-commit-id-maven-plugin:revision"
call mvn -Dstyle.color=never -f "%root%pom.xml" "-Dlauncher=%work%" %commit% %plugins%:maven-resources-plugin:resources %plugins%:maven-compiler-plugin:compile %plugins%:maven-jar-plugin:jar %plugins%:maven-dependency-plugin:copy-dependencies 1>&2
if errorlevel 1 (
  echo graft: the build failed; Maven says above why. Graft needs a JDK 17 and Maven 3.8 or newer. 1>&2
  rmdir /s /q "%work%" 2>nul
  exit /b 1
)
if not exist "%home%\lib" mkdir "%home%\lib"
for %%j in ("%work%\lib\*.jar") do if not exist "%home%\lib\%%~nxj" move "%%j" "%home%\lib\" >nul
move /y "%work%\graft.jar" "%home%\graft-%id%.jar" >nul
rmdir /s /q "%home%\sources" 2>nul
move "%work%\sources" "%home%\sources" >nul
>"%work%\stamp" echo graft-%id%.jar
move /y "%work%\stamp" "%home%\stamp" >nul
rmdir /s /q "%work%" 2>nul
echo graft: built 1>&2
goto run
